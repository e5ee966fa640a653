import { AppError } from '../runtime/errors.ts';
import type { PsiMoments } from './book-uncertainty.ts';
import type { BookSide } from './reader-step.ts';

/** What a reader's step has found out about the ratings and about z_u. */
export interface ReaderPosterior {
  readonly books: BookSide;
  /** Ratings, and the rated books. */
  readonly count: number;
  readonly book: Int32Array;
  /** r_k - mu - c_k */
  readonly residual: Float64Array;
  /** Mean and variance of F_k by rating, and Cov(z_u, F_k), D numbers each. */
  readonly fitMean: Float64Array;
  readonly fitVar: Float64Array;
  readonly fitCov: Float64Array;
  /** Mean of z_u first, and its covariance in the first rows and columns of a matrix with rows of `size`. */
  readonly mean: Float64Array;
  readonly cov: Float64Array;
  readonly size: number;
}

/** Sum over the ratings of E[beta_i] E[(r - mu - f)^2]; `moments` are those of the reader. */
export function expectedSquares(reader: ReaderPosterior, moments: PsiMoments): number {
  const { books, count, book, residual, fitMean, fitVar } = reader;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const distance = residual[k] - fitMean[k];
    const expected = distance * distance + fitVar[k] + moments.bookVariance(book[k]);
    sum += books.precision[book[k]] * expected;
  }
  return sum;
}

/** The error of a step whose system cannot be solved: `NUMERICAL`, with the row that stopped it. */
export function notDefinite(row: number): AppError {
  return new AppError(
    'NUMERICAL',
    `a reader's posterior precision is not positive definite in row ${String(row)}`,
    'Check the ratings for extreme values.',
  );
}
