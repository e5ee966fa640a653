import type { Ratings } from '../../model/data.ts';
import { seededRandom } from '../../model/random.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import { sharedFloats, sharedInts } from '../../model/shared-array.ts';
import type { TrainingData } from './model-state.ts';

/** A reader with more ratings than this costs too much for the many solves of a search ... */
const MAX_RATINGS_IN_SEARCH = 100;
/** ... and so do readers with more than this many ratings together. */
const RATINGS_IN_SEARCH = 100_000;

/** Seed of the sample of readers; any number does. */
const SEARCH_SEED = 1;

/** Held-out rows in shared memory, by reader: `start[u] .. start[u + 1]`; readers from `start.length - 1` on have none. */
export interface HeldOutColumns {
  readonly start: Int32Array;
  readonly book: Int32Array;
  readonly value: Float64Array;
}

/** Rows that training watches but does not learn from; only readers with training rows count. */
export class HeldOutRows {
  /** Watches nothing. */
  static readonly none = new HeldOutRows(
    { reader: new Int32Array(0), book: new Int32Array(0), value: new Float64Array(0) },
    new Int32Array(0),
    0,
  );
  readonly columns: HeldOutColumns;

  constructor(ratings: Ratings, rows: Int32Array, readers: number) {
    const readerOf = rows.map((row) => ratings.reader[row]);
    const start = countingStarts(readerOf, readers);
    const book = sharedInts(rows.length);
    const value = sharedFloats(rows.length);
    countingOrder(readerOf, start).forEach((position, n) => {
      book[n] = ratings.book[rows[position]];
      value[n] = ratings.value[rows[position]];
    });
    this.columns = { start, book, value };
  }

  get size(): number {
    return this.columns.book.length;
  }

  /** Readers of a search, ascending: a random sample of those with held-out rows and some, but not too many, ratings. */
  searchSample({ matrix }: TrainingData): Int32Array {
    const { start } = this.columns;
    const random = seededRandom(SEARCH_SEED);
    const ratings = (u: number): number => matrix.readerStart[u + 1] - matrix.readerStart[u];
    const sample = Array.from(start.subarray(1).keys())
      .filter((u) => start[u] < start[u + 1])
      .filter((u) => ratings(u) > 0 && ratings(u) <= MAX_RATINGS_IN_SEARCH)
      .map((u) => ({ u, at: random() }))
      .sort((a, b) => a.at - b.at);
    let total = 0;
    const taken = sample.filter(({ u }) => (total += ratings(u)) <= RATINGS_IN_SEARCH);
    return Int32Array.from(taken, ({ u }) => u).sort();
  }
}
