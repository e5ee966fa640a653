import type { Ratings } from './data.ts';
import { sharedFloats, sharedInts } from './shared-array.ts';

/**
 * Ratings sorted by reader (CSR) with an index by book. A rating's position in reader order is its slot.
 * Within a reader, slots keep the order of the rows that came in. All columns lie in shared memory.
 */
export interface RatingMatrix {
  readonly readers: number;
  readonly books: number;
  readonly size: number;
  /** Slots of reader u: `readerStart[u] .. readerStart[u + 1]`; length N + 1. */
  readonly readerStart: Int32Array;
  /** Columns by slot. */
  readonly reader: Int32Array;
  readonly book: Int32Array;
  readonly value: Float64Array;
  /** Slots of book i: `bookSlot[bookStart[i] .. bookStart[i + 1])`; length M + 1. */
  readonly bookStart: Int32Array;
  readonly bookSlot: Int32Array;
}

/** Start of each key's run when `keys` is sorted by counting; length `count + 1`. */
export function countingStarts(keys: Int32Array, count: number): Int32Array {
  const start = sharedInts(count + 1);
  for (const key of keys) start[key + 1]++;
  for (let n = 0; n < count; n++) start[n + 1] += start[n];
  return start;
}

/** Positions of `keys` in stable key order, given their `countingStarts`. */
export function countingOrder(keys: Int32Array, start: Int32Array): Int32Array {
  const next = start.slice();
  const order = sharedInts(keys.length);
  for (let row = 0; row < keys.length; row++) order[next[keys[row]]++] = row;
  return order;
}

/** Builds the matrix from the given rows of `ratings` (all rows if left out). */
export function buildRatingMatrix(
  ratings: Ratings,
  readers: number,
  books: number,
  rows: Int32Array = ratings.reader.map((_, row) => row),
): RatingMatrix {
  const readerOf = rows.map((row) => ratings.reader[row]);
  const readerStart = countingStarts(readerOf, readers);
  const order = countingOrder(readerOf, readerStart);
  const size = rows.length;
  const reader = sharedInts(size);
  const book = sharedInts(size);
  const value = sharedFloats(size);
  for (let slot = 0; slot < size; slot++) {
    const row = rows[order[slot]];
    reader[slot] = ratings.reader[row];
    book[slot] = ratings.book[row];
    value[slot] = ratings.value[row];
  }
  const bookStart = countingStarts(book, books);
  const bookSlot = countingOrder(book, bookStart);
  return { readers, books, size, readerStart, reader, book, value, bookStart, bookSlot };
}

/** Number of ratings of the row that has most, by the rows' starts. */
export function longestRow(start: Int32Array): number {
  let longest = 0;
  for (let n = 0; n + 1 < start.length; n++) longest = Math.max(longest, start[n + 1] - start[n]);
  return longest;
}
