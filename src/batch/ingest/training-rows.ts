import type { Ratings } from '../../model/data.ts';

/** How many ratings a reader and a book must have to be trained on. */
export interface TrainingLimits {
  readonly minReader: number;
  readonly minBook: number;
}

/**
 * Rows to train on, ascending: those whose reader has at least `minReader` ratings in the data and whose book has at
 * least `minBook`. Counts are of all ratings, taken once: after the filter a reader or book may have fewer. 0 keeps all.
 */
export function trainingRows(
  ratings: Ratings,
  readers: number,
  books: number,
  limits: TrainingLimits,
): Int32Array {
  const ofReader = counts(ratings.reader, readers);
  const ofBook = counts(ratings.book, books);
  return Int32Array.from(ratings.reader.keys()).filter(
    (row) =>
      (ofReader[ratings.reader[row] ?? 0] ?? 0) >= limits.minReader &&
      (ofBook[ratings.book[row] ?? 0] ?? 0) >= limits.minBook,
  );
}

function counts(entity: Int32Array, size: number): Int32Array {
  const result = new Int32Array(size);
  for (const n of entity) result[n] = (result[n] ?? 0) + 1;
  return result;
}
