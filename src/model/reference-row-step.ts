import { AppError } from '../runtime/errors.ts';
import {
  cholesky,
  invertFromFactor,
  logDetOfFactor,
  packedSize,
  solveWithFactor,
} from './cholesky.ts';
import { ROW_SUMS, storeNoise } from './row-step.ts';
import type { RowNumbers, RowSide, RowStep } from './row-step.ts';

/** The row step written as the equations are, in f64: what the others are measured by. */
export class ReferenceRowStep implements RowStep {
  private readonly side: RowSide;
  private readonly mean: Float64Array;
  private readonly cov: Float64Array;
  private readonly factor: Float64Array;

  constructor(side: RowSide) {
    this.side = side;
    this.mean = new Float64Array(side.dim);
    this.cov = new Float64Array(side.dim * side.dim);
    this.factor = new Float64Array(side.dim * side.dim);
  }

  /** Nothing: the partners are read where they are. */
  gather(): void {
    return undefined;
  }

  solve(numbers: RowNumbers, from: number, to: number, sums: Float64Array): void {
    const { start } = this.side.ratings;
    for (let n = from; n < to; n++) {
      if (start[n] === start[n + 1]) continue;
      sums[ROW_SUMS.logDet] += this.posterior(numbers, n);
      storeNoise(this.side, numbers, n, this.squares(numbers.offset, n), sums);
    }
  }

  /** Computes and stores q(w_n); returns ln det of its precision. */
  private posterior({ tau, offset, priorPrecision }: RowNumbers, n: number): number {
    const { factor, mean, cov } = this;
    const { dim, ratings, rows, partners, priorMean } = this.side;
    factor.set(priorPrecision);
    for (let a = 0; a < dim; a++) {
      mean[a] = 0;
      for (let b = 0; b < dim; b++) mean[a] += priorPrecision[a * dim + b] * priorMean[n * dim + b];
    }
    for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
      const slot = ratings.slot?.[k] ?? k;
      const weight = tau * rows.precision[n] * partners.precision[ratings.partner[slot]];
      this.addRating(slot, ratings.value[slot] - offset, weight);
    }
    const row = cholesky(factor, dim);
    if (row >= 0) throw notPositive(this.side, n, row);
    solveWithFactor(factor, dim, mean);
    invertFromFactor(factor, dim, cov);
    for (let a = 0, t = n * packedSize(dim); a < dim; a++) {
      rows.mean[n * dim + a] = mean[a];
      for (let b = 0; b <= a; b++, t++) rows.cov[t] = cov[a * dim + b];
    }
    return logDetOfFactor(factor, dim);
  }

  private addRating(slot: number, value: number, weight: number): void {
    const { factor, mean } = this;
    const { dim, ratings, partners, shift } = this.side;
    const partner = ratings.partner[slot];
    const z = partner * dim;
    const residual = value - (shift === null ? partners.mean[z] : shift.mean[slot]);
    factor[0] += weight;
    mean[0] += weight * residual;
    for (let a = 1, t = partner * packedSize(dim) + 1; a < dim; a++, t++) {
      const p = partners.mean[z + a];
      const tie = shift === null ? partners.cov[t] : shift.cov[slot * (dim - 1) + a - 1];
      mean[a] += weight * (residual * p - tie);
      factor[a * dim] += weight * p;
      for (let b = 1; b <= a; b++) {
        factor[a * dim + b] += weight * (p * partners.mean[z + b] + partners.cov[++t]);
      }
    }
  }

  /** Sum over the row's ratings of the partner's noise factor times E[(r - mu - f)^2], r at its mean. */
  private squares(offset: number, n: number): number {
    const { ratings, partners } = this.side;
    let sum = 0;
    for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
      const slot = ratings.slot?.[k] ?? k;
      const weight = partners.precision[ratings.partner[slot]];
      sum += weight * expectedSquare(this.side, n, slot, ratings.value[slot] - offset);
    }
    return sum;
  }
}

/** The error of a row whose precision has a pivot that is not positive. */
export function notPositive({ name }: RowSide, n: number, pivot: number): AppError {
  return new AppError(
    'NUMERICAL',
    `the posterior precision of ${name} ${String(n)} is not positive definite in row ${String(pivot)}`,
    'Check the ratings for extreme values.',
  );
}

/** E[(r - mu - f)^2] of the rating in `slot`, r - mu = `value`, under the posteriors of row n and its partner. */
export function expectedSquare(
  { dim, rows, partners, shift, ratings }: RowSide,
  n: number,
  slot: number,
  value: number,
): number {
  const partner = ratings.partner[slot];
  const packed = packedSize(dim);
  const [z, w, s, t] = [partner * dim, n * dim, partner * packed, n * packed];
  const own = shift === null ? partners.mean[z] : shift.mean[slot];
  let residual = value - own - rows.mean[w];
  let variance = (shift === null ? partners.cov[s] : shift.variance[slot]) + rows.cov[t];
  for (let a = 1, row = 1; a < dim; row += ++a) {
    const p = partners.mean[z + a];
    const q = rows.mean[w + a];
    const tie = shift === null ? partners.cov[s + row] : shift.cov[slot * (dim - 1) + a - 1];
    residual -= p * q;
    variance += 2 * (q * tie + p * rows.cov[t + row]);
    for (let b = 1; b <= a; b++) {
      const sab = partners.cov[s + row + b];
      const tab = rows.cov[t + row + b];
      const term = p * partners.mean[z + b] * tab + q * rows.mean[w + b] * sab + sab * tab;
      variance += b === a ? term : 2 * term;
    }
  }
  return residual * residual + variance;
}
