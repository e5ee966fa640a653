import { BookStep, expectedSquare } from '../../model/book-step.ts';
import { packedSize } from '../../model/cholesky.ts';
import { noiseFactor } from '../../model/noise-factor.ts';
import type { SweepData, SweepNumbers } from './sweep-data.ts';

/** Sums that a sweep over books leaves. */
export const BOOK_SUMS = { logDet: 0, squares: 1 } as const;

/** One thread's workspace for books. */
export class BookChunk {
  private readonly data: SweepData;
  private readonly step: BookStep;

  constructor(data: SweepData) {
    this.data = data;
    this.step = new BookStep(data.readers);
  }

  /** q(w_i) and q(beta_i) of the books `from .. to` that have ratings, readers fixed. */
  sweep(numbers: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    const { step } = this;
    const { matrix, books, bookPriorMean, dim } = this.data;
    const { tau, offset, bookShape } = numbers;
    const prior = { mean: bookPriorMean, at: 0, precision: numbers.bookPrecision };
    for (let i = from; i < to; i++) {
      const count = matrix.bookStart[i + 1] - matrix.bookStart[i];
      if (count === 0) continue;
      prior.at = i * dim;
      step.solve(matrix, i, offset, tau * books.precision[i], prior);
      for (let a = 0, t = i * packedSize(dim); a < dim; a++) {
        books.mean[i * dim + a] = step.mean[a];
        for (let b = 0; b <= a; b++, t++) books.cov[t] = step.cov[a * dim + b];
      }
      sums[BOOK_SUMS.logDet] += step.logDet;
      const squares = this.squares(i, offset);
      books.precision[i] = noiseFactor(bookShape, count, tau * squares);
      sums[BOOK_SUMS.squares] += books.precision[i] * squares;
    }
  }

  /** Sum over the book's ratings of E[alpha_u] E[(r - mu - f)^2]. */
  private squares(i: number, offset: number): number {
    const { matrix, readers, books } = this.data;
    let sum = 0;
    for (let s = matrix.bookStart[i]; s < matrix.bookStart[i + 1]; s++) {
      const slot = matrix.bookSlot[s];
      const u = matrix.reader[slot];
      const centred = matrix.value[slot] - offset;
      sum += readers.precision[u] * expectedSquare(readers, slot, u, centred, books, i);
    }
    return sum;
  }
}
