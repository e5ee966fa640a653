import { digamma, lnGamma, trigamma } from './special-functions.ts';

/** A Gamma distribution by shape and rate. */
export interface Gamma {
  shape: number;
  rate: number;
}

/** E[x] */
export function gammaMean(q: Gamma): number {
  return q.shape / q.rate;
}

/** E[ln x] */
export function gammaMeanLn(q: Gamma): number {
  return digamma(q.shape) - Math.log(q.rate);
}

/** KL(q || p) of two Gamma distributions. */
export function gammaKl(q: Gamma, p: Gamma): number {
  return (
    (q.shape - p.shape) * digamma(q.shape) -
    lnGamma(q.shape) +
    lnGamma(p.shape) +
    p.shape * (Math.log(q.rate) - Math.log(p.rate)) +
    (q.shape * (p.rate - q.rate)) / q.rate
  );
}

/** Bounds of the shape of the noise factors: at 1 the expected noise is infinite, above 1000 all factors are 1. */
const MIN_SHAPE = 2;
const MAX_SHAPE = 1000;

/**
 * Shape a that maximises sum_n E[ln Gamma(x_n; a, a)], given sum E[ln x_n] and sum E[x_n] over n entities:
 * a safeguarded Newton iteration in ln a (docs/model.md 3.3).
 */
export function unitMeanGammaShape(
  n: number,
  sumLn: number,
  sumMean: number,
  start: number,
): number {
  const slack = sumLn - sumMean;
  let low = Math.log(MIN_SHAPE);
  let high = Math.log(MAX_SHAPE);
  let x = Math.log(start);
  for (let i = 0; i < 60 && high - low > 1e-10; i++) {
    const a = Math.exp(x);
    const slope = n * (Math.log(a) + 1 - digamma(a)) + slack;
    if (slope > 0) low = x;
    else high = x;
    const curvature = n * (1 / a - trigamma(a)) * a;
    const next = x - slope / curvature;
    x = curvature < 0 && next > low && next < high ? next : (low + high) / 2;
  }
  return Math.exp(x);
}
