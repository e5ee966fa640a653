import { cholesky, invertFromFactor, logDetOfFactor } from './cholesky.ts';
import { AppError } from '../runtime/errors.ts';
import { digamma, lnMultiGamma } from './special-functions.ts';

/** A Wishart distribution over D x D precision matrices, with what is asked of it ready. */
export interface Wishart {
  readonly dim: number;
  readonly dof: number;
  /** W^-1, D x D row-major. */
  readonly inverseScale: Float64Array;
  readonly logDetInverseScale: number;
  /** E[Lambda] = dof W, D x D row-major. */
  readonly mean: Float64Array;
  /** E[ln det Lambda] */
  readonly meanLogDet: number;
}

/** Wishart with the given degrees of freedom and inverse scale; throws `NUMERICAL` if that is not positive definite. */
export function wishart(dim: number, dof: number, inverseScale: Float64Array): Wishart {
  const factor = inverseScale.slice();
  const row = cholesky(factor, dim);
  if (row >= 0) {
    throw new AppError(
      'NUMERICAL',
      `the scatter of a prior is not positive definite in row ${String(row)}`,
      'Check the ratings for extreme values.',
    );
  }
  const logDetInverseScale = logDetOfFactor(factor, dim);
  const mean = new Float64Array(dim * dim);
  invertFromFactor(factor, dim, mean);
  for (let i = 0; i < mean.length; i++) mean[i] *= dof;
  let meanLogDet = dim * Math.LN2 - logDetInverseScale;
  for (let d = 0; d < dim; d++) meanLogDet += digamma((dof - d) / 2);
  return { dim, dof, inverseScale, logDetInverseScale, mean, meanLogDet };
}

/** KL(q || p) of two Wishart distributions. */
export function wishartKl(q: Wishart, p: Wishart): number {
  const { dim } = q;
  let trace = 0;
  for (let i = 0; i < dim * dim; i++) trace += p.inverseScale[i] * q.mean[i];
  return (
    0.5 * (q.dof - p.dof) * q.meanLogDet +
    0.5 * (trace - q.dof * dim) +
    lnNormalizer(p) -
    lnNormalizer(q)
  );
}

/** ln of the integral of the unnormalised density |L|^((dof-D-1)/2) exp(-tr(W^-1 L)/2). */
function lnNormalizer(w: Wishart): number {
  const half = w.dof / 2;
  return half * (w.dim * Math.LN2 - w.logDetInverseScale) + lnMultiGamma(half, w.dim);
}
