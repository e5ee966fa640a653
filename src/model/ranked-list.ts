/** A reader's recommendations, best first; all columns have the same length. */
export interface RankedList {
  /** Index of the book in the version's catalogue. */
  readonly book: Uint32Array;
  /** Predicted rating on the data's scale. */
  readonly mean: Float32Array;
  /** Ends of the 95 % interval of the rating, on the data's scale. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Standard deviations by cause; the total variance is the sum of their squares. */
  readonly sdReader: Float32Array;
  readonly sdBook: Float32Array;
  readonly sdNoise: Float32Array;
  /** P(picks up). */
  readonly interest: Float32Array;
  /** Index of the signal that spoke loudest, see `signalNames`. */
  readonly signal: Uint8Array;
}
