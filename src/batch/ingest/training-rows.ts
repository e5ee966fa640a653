import type { Ratings } from '../../model/data.ts';

/** How many ratings a reader and a book must have to be trained on. */
export interface TrainingLimits {
  readonly minReader: number;
  readonly minBook: number;
}

/**
 * Rows to train on, ascending: every reader left has at least `minReader` of them and every book
 * at least `minBook`. Rows are taken out until both hold. 0 keeps all.
 */
export function trainingRows(
  ratings: Ratings,
  readers: number,
  books: number,
  limits: TrainingLimits,
): Int32Array {
  const { reader, book } = ratings;
  let rows = Int32Array.from(reader.keys());
  for (;;) {
    const ofReader = new Int32Array(readers);
    const ofBook = new Int32Array(books);
    const count = (counts: Int32Array, index: number): void => {
      counts[index] = (counts[index] ?? 0) + 1;
    };
    for (const row of rows) {
      count(ofReader, reader[row] ?? 0);
      count(ofBook, book[row] ?? 0);
    }
    const left = rows.filter(
      (row) =>
        (ofReader[reader[row] ?? 0] ?? 0) >= limits.minReader &&
        (ofBook[book[row] ?? 0] ?? 0) >= limits.minBook,
    );
    if (left.length === rows.length) return rows;
    rows = left;
  }
}
