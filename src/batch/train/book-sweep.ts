import { BookStep, expectedSquare } from '../../model/book-step.ts';
import { packedSize } from '../../model/cholesky.ts';
import { gammaMean } from '../../model/gamma.ts';
import type { ModelState } from './model-state.ts';
import { noiseFactor } from '../../model/noise-factor.ts';

/** q(w_i) and q(beta_i) of every book with ratings, readers fixed. */
export function sweepBooks(state: ModelState): void {
  const { matrix } = state.data;
  const { books, bookPrior, dim } = state;
  const step = new BookStep(state.readers);
  const tau = gammaMean(state.tau);
  const prior = { mean: bookPrior.mean, at: 0, precision: bookPrior.precision.mean };
  state.bookLogDet = 0;
  state.squares = 0;
  for (let i = 0; i < matrix.books; i++) {
    const count = matrix.bookStart[i + 1] - matrix.bookStart[i];
    if (count === 0) continue;
    prior.at = i * dim;
    step.solve(matrix, i, state.offset, tau * books.precision[i], prior);
    for (let a = 0, t = i * packedSize(dim); a < dim; a++) {
      books.mean[i * dim + a] = step.mean[a];
      for (let b = 0; b <= a; b++, t++) books.cov[t] = step.cov[a * dim + b];
    }
    state.bookLogDet += step.logDet;
    const squares = bookSquares(state, i);
    books.precision[i] = noiseFactor(state.bookShape.prior, count, tau * squares);
    state.squares += books.precision[i] * squares;
  }
  state.bookShape.used = state.bookShape.prior;
}

/** Sum over the book's ratings of E[alpha_u] E[(r - mu - f)^2]. */
function bookSquares(state: ModelState, i: number): number {
  const { matrix } = state.data;
  const { readers, books } = state;
  let sum = 0;
  for (let s = matrix.bookStart[i]; s < matrix.bookStart[i + 1]; s++) {
    const slot = matrix.bookSlot[s];
    const u = matrix.reader[slot];
    const centred = matrix.value[slot] - state.offset;
    sum += readers.precision[u] * expectedSquare(readers, slot, u, centred, books, i);
  }
  return sum;
}
