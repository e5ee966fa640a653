import { AppError } from '../runtime/errors.ts';
import {
  cholesky,
  invertFromFactor,
  logDetOfFactor,
  packedSize,
  solveWithFactor,
} from './cholesky.ts';
import type { RatingMatrix } from './rating-matrix.ts';

/** Readers as the book step sees them: q(z_u) and, by rating, a = b_u + content effects of the book. */
export interface ReaderSide {
  readonly dim: number;
  /** m_u, N x D row-major. */
  readonly mean: Float64Array;
  /** S_u, N x D(D+1)/2, packed lower triangles. */
  readonly cov: Float64Array;
  /** E[alpha_u]; length N. */
  readonly precision: Float64Array;
  /** By slot: mean and variance of a, and Cov(p_u, a), K numbers each. */
  readonly shiftMean: Float64Array;
  readonly shiftVar: Float64Array;
  readonly shiftCov: Float64Array;
}

/** Posterior of one book, q(w_i) = N(n_i, T_i), w_i = (c_i, q_i): the item step of docs/model.md 3.1. */
export class BookStep {
  readonly dim: number;
  /** n_i and T_i (D x D row-major) of the last `solve`. */
  readonly mean: Float64Array;
  readonly cov: Float64Array;
  /** ln det of the posterior precision. */
  logDet = 0;
  private readonly readers: ReaderSide;
  private readonly factor: Float64Array;

  constructor(readers: ReaderSide) {
    this.readers = readers;
    this.dim = readers.dim;
    this.mean = new Float64Array(this.dim);
    this.cov = new Float64Array(this.dim * this.dim);
    this.factor = new Float64Array(this.dim * this.dim);
  }

  /**
   * Computes q(w_i) from the slots of book i; `precision` is E[tau] E[beta_i], `offset` is mu.
   * Throws `NUMERICAL` if the posterior precision is not positive definite.
   */
  solve(
    matrix: RatingMatrix,
    book: number,
    offset: number,
    precision: number,
    prior: { mean: Float64Array; at: number; precision: Float64Array },
  ): void {
    const { dim, factor, mean } = this;
    factor.set(prior.precision);
    for (let a = 0; a < dim; a++) {
      mean[a] = 0;
      for (let b = 0; b < dim; b++)
        mean[a] += prior.precision[a * dim + b] * prior.mean[prior.at + b];
    }
    for (let s = matrix.bookStart[book]; s < matrix.bookStart[book + 1]; s++) {
      const slot = matrix.bookSlot[s];
      this.addRating(slot, matrix.reader[slot], matrix.value[slot] - offset, precision);
    }
    const row = cholesky(factor, dim);
    if (row >= 0) {
      throw new AppError(
        'NUMERICAL',
        `the posterior precision of book ${String(book)} is not positive definite in row ${String(row)}`,
        'Check the ratings for extreme values.',
      );
    }
    this.logDet = logDetOfFactor(factor, dim);
    solveWithFactor(factor, dim, mean);
    invertFromFactor(factor, dim, this.cov);
  }

  private addRating(slot: number, reader: number, value: number, scale: number): void {
    const { dim, factor, mean, readers } = this;
    const weight = scale * readers.precision[reader];
    const residual = value - readers.shiftMean[slot];
    const z = reader * dim;
    factor[0] += weight;
    mean[0] += weight * residual;
    for (let a = 1, t = reader * packedSize(dim) + 1; a < dim; a++, t++) {
      const p = readers.mean[z + a];
      mean[a] += weight * (residual * p - readers.shiftCov[slot * (dim - 1) + a - 1]);
      factor[a * dim] += weight * p;
      for (let b = 1; b <= a; b++) {
        factor[a * dim + b] += weight * (p * readers.mean[z + b] + readers.cov[++t]);
      }
    }
  }
}

/** E[(r - mu - f)^2] of the rating in `slot` under q; `mean` and packed `cov` are those of its book at `book`. */
// eslint-disable-next-line max-params -- kernel: an object for each rating would be garbage
export function expectedSquare(
  readers: ReaderSide,
  slot: number,
  reader: number,
  value: number,
  books: { mean: Float64Array; cov: Float64Array },
  book: number,
): number {
  const { dim } = readers;
  const z = reader * dim;
  const w = book * dim;
  const packed = packedSize(dim);
  const s = reader * packed;
  const t = book * packed;
  let residual = value - readers.shiftMean[slot] - books.mean[w];
  let variance = readers.shiftVar[slot] + books.cov[t];
  for (let a = 1, row = 1; a < dim; row += ++a) {
    const p = readers.mean[z + a];
    const q = books.mean[w + a];
    residual -= p * q;
    variance += 2 * (q * readers.shiftCov[slot * (dim - 1) + a - 1] + p * books.cov[t + row]);
    for (let b = 1; b <= a; b++) {
      const sab = readers.cov[s + row + b];
      const tab = books.cov[t + row + b];
      const term = p * readers.mean[z + b] * tab + q * books.mean[w + b] * sab + sab * tab;
      variance += b === a ? term : 2 * term;
    }
  }
  return residual * residual + variance;
}
