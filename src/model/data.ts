/**
 * One family of labels (author, country, ...) of one side (readers or books), as sparse rows.
 * Entity n has the labels `indices[offsets[n] .. offsets[n + 1])`; none means "unknown".
 */
export interface FeatureFamily {
  /** Lower-case name, unique within its side: `author`, `age`. */
  readonly name: string;
  /** What each label index stands for. */
  readonly labels: readonly string[];
  /** Row starts, length N + 1. */
  readonly offsets: Int32Array;
  /** Label indices, length `offsets[N]`. */
  readonly indices: Int32Array;
}

/** Explicit ratings as parallel columns, one entry a rating; a pair occurs once. */
export interface Ratings {
  /** Reader index, 0 .. N - 1. */
  readonly reader: Int32Array;
  /** Book index, 0 .. M - 1. */
  readonly book: Int32Array;
  /** Rating on the scale of the data. */
  readonly value: Float64Array;
}

/** Pairs (reader, book) that met without a rating. */
export interface Interactions {
  readonly reader: Int32Array;
  readonly book: Int32Array;
}
