import { noiseFactor } from './noise-factor.ts';

/** Posteriors q(z_n) = N(mean, cov) and noise factors of one side, all in memory that threads share. */
export interface Posteriors {
  /** N x D row-major. */
  readonly mean: Float64Array;
  /** N x D(D+1)/2, packed lower triangles. */
  readonly cov: Float64Array;
  /** E[alpha_u] or E[beta_i]; length N. */
  readonly precision: Float64Array;
}

/** One side's ratings, row by row. */
export interface RowRatings {
  /** Ratings of row n: `start[n] .. start[n + 1]`. */
  readonly start: Int32Array;
  /** Their slots; null where a rating's place is its slot. */
  readonly slot: Int32Array | null;
  /** By slot. */
  readonly partner: Int32Array;
  readonly value: Float64Array;
  /** Variances of values that are latent, else null. */
  readonly variance: Float64Array | null;
}

/** Sum over the ratings of row n of the partner's noise factor times the variance of the value. */
export function latentSquares(
  { start, slot: slots, partner, variance }: RowRatings,
  partners: Pick<Posteriors, 'precision'>,
  n: number,
): number {
  if (variance === null) return 0;
  let sum = 0;
  for (let k = start[n]; k < start[n + 1]; k++) {
    const slot = slots === null ? k : slots[k];
    sum += partners.precision[partner[slot]] * variance[slot];
  }
  return sum;
}

/**
 * What stands in the place of a reader's bias b_u where content effects come on top: by slot, mean and variance of
 * a = b_u + effects of the book, and Cov(p_u, a), K numbers each.
 */
export interface Shift {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly cov: Float64Array;
}

/** What a half-sweep works on: rows, which are solved anew, and their partners, which stay as they are. */
export interface RowSide {
  /** What a row is, for errors. */
  readonly name: 'reader' | 'book';
  /** D = K + 1. */
  readonly dim: number;
  readonly ratings: RowRatings;
  readonly rows: Posteriors;
  readonly partners: Posteriors;
  /** Null where the partners' own first number is all that there is. */
  readonly shift: Shift | null;
  /** Prior means of the rows, N x D. */
  readonly priorMean: Float64Array;
}

/** The few numbers that change from sweep to sweep. */
export interface RowNumbers {
  /** E[tau] and mu. */
  readonly tau: number;
  readonly offset: number;
  /** Shape of the prior of the rows' noise factors. */
  readonly shape: number;
  /** E[Lambda], D x D. */
  readonly priorPrecision: Float64Array;
}

/** Sums that `solve` adds to: ln det of the precisions, and E[alpha] E[beta] E[(r - mu - f)^2] over the ratings. */
export const ROW_SUMS = { logDet: 0, squares: 1 } as const;

/**
 * The row step of docs/model.md 3.1, the same for readers and books: w_n = (c, q) of a row from partners (b, p) by
 * r - mu = b + c + p . q + noise. One object is the workspace of one thread.
 */
export interface RowStep {
  /** Takes in what the partners `from .. to` are now; not needed for those that the other side's row step has solved. */
  gather(from: number, to: number): void;
  /**
   * Computes q(w_n) and the noise factors of those of the rows `from .. to` that have ratings.
   * Throws `NUMERICAL` where a posterior precision is not positive definite.
   */
  solve(numbers: RowNumbers, from: number, to: number, sums: Float64Array): void;
}

/**
 * Stores q(alpha_n) of row n and adds to the sums, given the sum over its ratings of the partner's noise factor times the
 * expected square of the value's mean less its fit.
 */
export function storeNoise(
  { ratings, rows, partners }: RowSide,
  { shape, tau }: RowNumbers,
  n: number,
  fitted: number,
  sums: Float64Array,
): void {
  const squares = fitted + latentSquares(ratings, partners, n);
  const count = ratings.start[n + 1] - ratings.start[n];
  rows.precision[n] = noiseFactor(shape, count, tau * squares);
  sums[ROW_SUMS.squares] += rows.precision[n] * squares;
}
