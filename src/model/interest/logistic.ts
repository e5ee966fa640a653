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
  let value = logPosterior(rows, mean);
  for (let n = 0; n < MAX_STEPS; n++) {
    const { gradient, precision } = slopes(rows, mean);
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
    let nextValue = logPosterior(rows, next);
    for (let share = 0.5; nextValue < value && share > 1e-6; share /= 2) {
      next = mean.map((w, a) => w + share * step[a]);
      nextValue = logPosterior(rows, next);
    }
    const gain = nextValue - value;
    if (gain > 0) [mean, value] = [next, nextValue];
    if (!(gain > TOLERANCE * Math.abs(value))) break;
  }
  return { mean, cov };
}

/** ln p(outcomes | weights) + ln p(weights), without constants. */
export function logPosterior(rows: LogisticRows, weights: Float64Array): number {
  const { width, outcome, weight } = rows;
  let sum = 0;
  for (let a = 0; a <= width; a++) {
    sum -= 0.5 * (a < width ? PRIOR_PRECISION : INTERCEPT_PRECISION) * weights[a] * weights[a];
  }
  for (let n = 0; n < outcome.length; n++) {
    const x = linear(rows, weights, n);
    sum -= weight[n] * softplus(outcome[n] === 1 ? -x : x);
  }
  return sum;
}

function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

function linear({ width, signal }: LogisticRows, weights: Float64Array, n: number): number {
  let x = weights[width];
  for (let a = 0; a < width; a++) x += weights[a] * signal[n * width + a];
  return x;
}

/** Gradient, and the lower triangle of the negative Hessian. */
function slopes(
  rows: LogisticRows,
  weights: Float64Array,
): { gradient: Float64Array; precision: Float64Array } {
  const { width, signal, outcome, weight } = rows;
  const size = width + 1;
  const gradient = weights.map((w, a) => -(a < width ? PRIOR_PRECISION : INTERCEPT_PRECISION) * w);
  const precision = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    precision[a * size + a] = a < width ? PRIOR_PRECISION : INTERCEPT_PRECISION;
  }
  const x = new Float64Array(size);
  x[width] = 1;
  for (let n = 0; n < outcome.length; n++) {
    const p = 1 / (1 + Math.exp(-linear(rows, weights, n)));
    for (let a = 0; a < width; a++) x[a] = signal[n * width + a];
    const error = weight[n] * (outcome[n] - p);
    const curve = weight[n] * p * (1 - p);
    for (let a = 0; a < size; a++) {
      gradient[a] += error * x[a];
      const scaled = curve * x[a];
      for (let b = 0; b <= a; b++) precision[a * size + b] += scaled * x[b];
    }
  }
  return { gradient, precision };
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
