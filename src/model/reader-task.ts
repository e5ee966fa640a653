/** One reader's ratings and prior, the input of `ReaderStep.solve`. */
export interface ReaderTask {
  /** Ratings `from .. to` of these columns. */
  readonly book: Int32Array;
  readonly value: Float64Array;
  readonly from: number;
  readonly to: number;
  /** Global mean mu. */
  readonly offset: number;
  /** E[tau] E[alpha_u]. */
  readonly precision: number;
  /** Prior mean of z_u, D numbers from `priorAt`. */
  readonly priorMean: Float64Array;
  readonly priorAt: number;
  /** Prior precision of z_u, D x D row-major. */
  readonly priorPrecision: Float64Array;
}
