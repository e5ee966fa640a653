/** Bounds of E[alpha_u] and E[beta_i]: without them one-rating readers are fitted exactly (docs/model.md 3.3). */
const MIN_PRECISION = 0.05;
const MAX_PRECISION = 20;

/**
 * E[x] under q(x) of a noise factor x ~ Gamma(shape, shape) with `count` ratings whose squares, weighted by all
 * other precisions, sum to `squares`; kept within the bounds.
 */
export function noiseFactor(shape: number, count: number, squares: number): number {
  const mean = (shape + count / 2) / (shape + squares / 2);
  return Math.min(MAX_PRECISION, Math.max(MIN_PRECISION, mean));
}

/** E[1 / x] of the factor with that mean: the noise variance that it stands for (docs/model.md 3.3); shapes above 1. */
export function expectedInverse(shape: number, count: number, mean: number): number {
  const posterior = shape + count / 2;
  return posterior / ((posterior - 1) * mean);
}
