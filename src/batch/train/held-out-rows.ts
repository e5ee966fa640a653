import { BookFit } from '../../model/book-effects.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import type { Ratings } from '../../model/data.ts';
import type { ReaderStep } from '../../model/reader-step.ts';

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

  /** Forgets the last sweep. */
  reset(): void {
    this.squares = 0;
    this.count = 0;
  }

  /** Compares the reader of the step's last `solve` with the held-out rows; `offset` is mu. */
  visit(reader: number, step: ReaderStep, offset: number): void {
    if (reader + 1 >= this.start.length) return;
    const from = this.start[reader];
    const to = this.start[reader + 1];
    if (from === to) return;
    const fit = new BookFit(step);
    for (let n = from; n < to; n++) {
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
}
