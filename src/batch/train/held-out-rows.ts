import { BookFit } from '../../model/book-effects.ts';
import type { Ratings } from '../../model/data.ts';
import { gammaMean } from '../../model/gamma.ts';
import { seededRandom } from '../../model/random.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import { ReaderStep } from '../../model/reader-step.ts';
import type { ModelState, TrainingData } from './model-state.ts';
import { readerTask } from './reader-task.ts';

/** A reader with more ratings than this costs too much for the many solves of a search ... */
const MAX_RATINGS_IN_SEARCH = 100;
/** ... and so do readers with more than this many ratings together. */
const RATINGS_IN_SEARCH = 100_000;

/** Seed of the sample of readers; any number does. */
const SEARCH_SEED = 1;

/** Rows that training watches but does not learn from; only readers with training rows count. */
export class HeldOutRows {
  /** Watches nothing. */
  static readonly none = new HeldOutRows(
    { reader: new Int32Array(0), book: new Int32Array(0), value: new Float64Array(0) },
    new Int32Array(0),
    0,
  );
  private readonly ratings: Ratings;
  private readonly start: Int32Array;
  private readonly rows: Int32Array;
  private squares = 0;
  private count = 0;

  constructor(ratings: Ratings, rows: Int32Array, readers: number) {
    this.ratings = ratings;
    const readerOf = rows.map((row) => ratings.reader[row]);
    this.start = countingStarts(readerOf, readers);
    this.rows = countingOrder(readerOf, this.start).map((position) => rows[position]);
  }

  get size(): number {
    return this.rows.length;
  }

  /** Forgets the last sweep. */
  reset(): void {
    this.squares = 0;
    this.count = 0;
  }

  /** Compares the reader of the step's last `solve` with the held-out rows; `offset` is mu. */
  visit(reader: number, step: ReaderStep, offset: number): void {
    if (reader + 1 >= this.start.length || this.start[reader] === this.start[reader + 1]) return;
    const fit = new BookFit(step);
    for (let n = this.start[reader]; n < this.start[reader + 1]; n++) {
      const row = this.rows[n];
      const book = this.ratings.book[row];
      const predicted = offset + step.books.mean[book * step.dim] + fit.of(book).mean;
      this.squares += (this.ratings.value[row] - predicted) ** 2;
      this.count++;
    }
  }

  /** RMSE of the rows visited since `reset`, or null if there was none. */
  rmse(): number | null {
    return this.count === 0 ? null : Math.sqrt(this.squares / this.count);
  }

  /**
   * Mean squared error of the given readers' rows under the state; the readers' posteriors are solved anew, all else is taken as it
   * stands. Infinity without rows, so that nothing is ever chosen on none.
   */
  squaredError(state: ModelState, readers: readonly number[]): number {
    const step = new ReaderStep(state.books);
    const fit = new BookFit(step);
    const tau = gammaMean(state.tau);
    let sum = 0;
    for (const u of readers) {
      step.solve(readerTask(state, u, tau));
      for (let n = this.start[u]; n < this.start[u + 1]; n++) {
        const row = this.rows[n];
        const book = this.ratings.book[row];
        const predicted = state.offset + state.books.mean[book * state.dim] + fit.of(book).mean;
        sum += (this.ratings.value[row] - predicted) ** 2;
      }
    }
    const count = readers.reduce((rows, u) => rows + this.start[u + 1] - this.start[u], 0);
    return count === 0 ? Infinity : sum / count;
  }

  /** Readers of a search: a random sample of those with held-out rows and some, but not too many, ratings. */
  searchSample({ matrix }: TrainingData): number[] {
    const random = seededRandom(SEARCH_SEED);
    const ratings = (u: number): number => matrix.readerStart[u + 1] - matrix.readerStart[u];
    const sample = Array.from(this.start.subarray(1).keys())
      .filter((u) => this.start[u] < this.start[u + 1])
      .filter((u) => ratings(u) > 0 && ratings(u) <= MAX_RATINGS_IN_SEARCH)
      .map((u) => ({ u, at: random() }))
      .sort((a, b) => a.at - b.at);
    let total = 0;
    return sample.filter(({ u }) => (total += ratings(u)) <= RATINGS_IN_SEARCH).map(({ u }) => u);
  }
}
