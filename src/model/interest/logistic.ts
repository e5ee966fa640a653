import { AppError } from '../../runtime/errors.ts';
import { cholesky, invertFromFactor } from '../cholesky.ts';

/** Rows of a logistic regression. */
export interface LogisticRows {
  /** F, numbers a row. */
  readonly width: number;
  /** Rows x F row-major. */
  readonly signal: Float64Array;
  /** 1 where it happened, else 0. */
  readonly outcome: Uint8Array;
  /** How many rows each one stands for. */
  readonly weight: Float64Array;
}

/** Laplace posterior N(mean, cov) of the weights; the intercept is the last of F + 1. */
export interface LogisticPosterior {
  readonly mean: Float64Array;
  /** (F + 1) x (F + 1) row-major. */
  readonly cov: Float64Array;
}

const MAX_STEPS = 50;
const TOLERANCE = 1e-9;
/** Precision of the weights' prior N(0, 1): signals are logarithms, so a weight is an exponent. */
const PRIOR_PRECISION = 1;
/** The intercept is the logarithm of a small rate, which the prior must not pull to one half. */
const INTERCEPT_PRECISION = 1e-4;

/**
 * Bayesian logistic regression by Newton's method, halving steps that do not help; `start` only saves steps. Throws
 * `NUMERICAL` where a signal is not finite.
 */
export function fitLogistic(rows: LogisticRows, start = startOf(rows)): LogisticPosterior {
  const size = rows.width + 1;
  let mean = start;
  let cov: Float64Array = new Float64Array(size * size);
  let here = around(rows, mean);
  for (let n = 0; n < MAX_STEPS; n++) {
    const { gradient, precision, value } = here;
    if (cholesky(precision, size) >= 0 || !Number.isFinite(value)) {
      throw new AppError(
        'NUMERICAL',
        'The weights of the interest model are not finite',
        'Check the data for extreme values.',
      );
    }
    cov = new Float64Array(size * size);
    invertFromFactor(precision, size, cov);
    const step = product(cov, gradient, size);
    let next = mean.map((w, a) => w + step[a]);
    let there = around(rows, next);
    for (let share = 0.5; there.value < value && share > 1e-6; share /= 2) {
      next = mean.map((w, a) => w + share * step[a]);
      there = around(rows, next);
    }
    const gain = there.value - value;
    if (gain > 0) [mean, here] = [next, there];
    if (!(gain > TOLERANCE * Math.abs(value))) break;
  }
  return { mean, cov };
}

/** ln p(outcomes | weights) + ln p(weights), without constants. */
export function logPosterior(rows: LogisticRows, weights: Float64Array): number {
  return around(rows, weights).value;
}

/** The log posterior at some weights, with its gradient and the lower triangle of its negative Hessian. */
interface Around {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly precision: Float64Array;
}

function around(rows: LogisticRows, weights: Float64Array): Around {
  const { width, signal, outcome, weight } = rows;
  const size = width + 1;
  const gradient = new Float64Array(size);
  const precision = new Float64Array(size * size);
  let value = 0;
  for (let a = 0; a < size; a++) {
    const prior = a < width ? PRIOR_PRECISION : INTERCEPT_PRECISION;
    value -= 0.5 * prior * weights[a] * weights[a];
    gradient[a] = -prior * weights[a];
    precision[a * size + a] = prior;
  }
  const x = new Float64Array(size);
  x[width] = 1;
  for (let n = 0; n < outcome.length; n++) {
    let odds = weights[width];
    for (let a = 0, at = n * width; a < width; a++, at++) {
      x[a] = signal[at];
      odds += weights[a] * x[a];
    }
    // the probability of what the odds speak against, over that of what they speak for
    const rest = Math.exp(-Math.abs(odds));
    const p = (odds > 0 ? 1 : rest) / (1 + rest);
    const wrong = outcome[n] === 1 ? -odds : odds;
    value -= weight[n] * (Math.max(0, wrong) + Math.log1p(rest));
    const error = weight[n] * (outcome[n] - p);
    const curve = weight[n] * p * (1 - p);
    for (let a = 0; a < size; a++) {
      gradient[a] += error * x[a];
      const scaled = curve * x[a];
      for (let b = 0; b <= a; b++) precision[a * size + b] += scaled * x[b];
    }
  }
  return { value, gradient, precision };
}

/** Weights that know nothing but the overall rate. */
export function startOf({ width, outcome, weight }: LogisticRows): Float64Array {
  let yes = 0.5;
  let no = 0.5;
  for (let n = 0; n < outcome.length; n++) {
    if (outcome[n] === 1) yes += weight[n];
    else no += weight[n];
  }
  const mean = new Float64Array(width + 1);
  mean[width] = Math.log(yes / no);
  return mean;
}

function product(matrix: Float64Array, vector: Float64Array, size: number): Float64Array {
  return vector.map((_, a) => {
    let sum = 0;
    for (let b = 0; b < size; b++) sum += matrix[a * size + b] * vector[b];
    return sum;
  });
}
