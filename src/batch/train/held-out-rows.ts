import { BookFit } from '../../model/book-effects.ts';
import type { Ratings } from '../../model/data.ts';
import { gammaMean } from '../../model/gamma.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import { ReaderStep } from '../../model/reader-step.ts';
import type { ModelState } from './model-state.ts';
import { readerTask } from './reader-task.ts';

/** A reader with more ratings than this costs too much for the many solves of a search. */
const MAX_RATINGS_IN_SEARCH = 100;

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
   * Mean squared error of the rows under the state; the readers' posteriors are solved anew, all else is taken as it
   * stands. Infinity without rows, so that nothing is ever chosen on none.
   */
  squaredError(state: ModelState): number {
    const { matrix } = state.data;
    const step = new ReaderStep(state.books);
    const fit = new BookFit(step);
    const tau = gammaMean(state.tau);
    let sum = 0;
    let count = 0;
    for (let u = 0; u + 1 < this.start.length; u++) {
      const ratings = matrix.readerStart[u + 1] - matrix.readerStart[u];
      if (this.start[u] === this.start[u + 1] || ratings === 0 || ratings > MAX_RATINGS_IN_SEARCH) continue;
      step.solve(readerTask(state, u, tau));
      for (let n = this.start[u]; n < this.start[u + 1]; n++) {
        const row = this.rows[n];
        const book = this.ratings.book[row];
        const predicted = state.offset + state.books.mean[book * state.dim] + fit.of(book).mean;
        sum += (this.ratings.value[row] - predicted) ** 2;
        count++;
      }
    }
    return count === 0 ? Infinity : sum / count;
  }
}
