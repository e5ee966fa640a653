import type { Ratings } from '../../model/data.ts';
import { counts } from './core-rows.ts';

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
  const all = Int32Array.from(ratings.reader.keys());
  const ofReader = counts(ratings.reader, all, readers);
  const ofBook = counts(ratings.book, all, books);
  return all.filter(
    (row) =>
      (ofReader[ratings.reader[row] ?? 0] ?? 0) >= limits.minReader &&
      (ofBook[ratings.book[row] ?? 0] ?? 0) >= limits.minBook,
  );
}
