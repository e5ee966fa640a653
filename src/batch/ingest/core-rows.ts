import type { Ratings } from '../../model/data.ts';
import { AppError } from '../../runtime/errors.ts';

/**
 * The k-core of the given rows, ascending as they are: readers and books with less than `core` ratings go, again and
 * again until all that are left have that many among the rows left. It does not depend on the order in which they go.
 * `sizes` are N and M. Throws `DATA_EMPTY` if nothing is left of some rows; 0 and 1 keep all.
 */
export function coreRows(
  ratings: Ratings,
  rows: Int32Array,
  sizes: { readonly readers: number; readonly books: number },
  core: number,
): Int32Array {
  let left = rows;
  for (;;) {
    const ofReader = counts(ratings.reader, left, sizes.readers);
    const ofBook = counts(ratings.book, left, sizes.books);
    const next = left.filter(
      (row) =>
        (ofReader[ratings.reader[row] ?? 0] ?? 0) >= core &&
        (ofBook[ratings.book[row] ?? 0] ?? 0) >= core,
    );
    if (next.length === left.length) return left;
    if (next.length === 0) throw nothingLeft(core, left.length, ofReader, ofBook);
    left = next;
  }
}

/** Ratings of each reader or book among the rows. */
export function counts(entity: Int32Array, rows: Int32Array, size: number): Int32Array {
  const result = new Int32Array(size);
  for (const row of rows) {
    const id = entity[row] ?? 0;
    result[id] = (result[id] ?? 0) + 1;
  }
  return result;
}

function nothingLeft(
  core: number,
  ratings: number,
  ofReader: Int32Array,
  ofBook: Int32Array,
): AppError {
  const [readers, books] = [ofReader, ofBook].map((of) => of.filter((n) => n > 0).length);
  return new AppError(
    'DATA_EMPTY',
    `--core ${core} leaves nothing: before its last step there were ${ratings} ratings by ${readers ?? 0} readers of ${books ?? 0} books`,
    'Ask for a smaller core.',
  );
}
