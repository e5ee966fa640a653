import { packedSize } from '../../model/cholesky.ts';
import { wishart } from '../../model/wishart.ts';
import type { SidePrior } from '../../model/side-prior.ts';
import type { ModelState, TrainingData } from './model-state.ts';
import { startState } from './model-state.ts';

/**
 * The state on other rows of the same readers and books, with the given factors only: what the trainer goes on from.
 * Labels must have the same indices in both.
 */
export function carryOver(
  old: ModelState,
  data: TrainingData,
  factors: readonly number[],
): ModelState {
  const next = startState(data, factors.length, 0);
  const dims = [0, ...factors];
  next.offset = old.offset;
  for (const side of ['readers', 'books'] as const) {
    copyMeans(old[side].mean, old.dim, next[side].mean, dims);
    copyCovariances(old[side].cov, old.dim, next[side].cov, dims);
    next[side].precision.set(old[side].precision);
  }
  next.books.effectVar.set(old.books.effectVar);
  copyPrior(old.readerPrior, next.readerPrior, dims);
  copyPrior(old.bookPrior, next.bookPrior, dims);
  next.tau = { ...old.tau };
  // on the same rows, latent ratings are where they were
  if (old.latent !== null && next.latent !== null && data === old.data) {
    next.latent.cell.set(old.latent.cell);
    next.latent.variance.set(old.latent.variance);
    next.latent.entropy = old.latent.entropy;
  }
  Object.assign(next.readerShape, old.readerShape);
  Object.assign(next.bookShape, old.bookShape);
  return next;
}

function copyMeans(
  from: Float64Array,
  oldDim: number,
  to: Float64Array,
  dims: readonly number[],
): void {
  for (let n = 0; n * oldDim < from.length; n++) {
    for (let d = 0; d < dims.length; d++) to[n * dims.length + d] = from[n * oldDim + dims[d]];
  }
}

function copyCovariances(
  from: Float64Array,
  oldDim: number,
  to: Float64Array,
  dims: readonly number[],
): void {
  const oldPacked = packedSize(oldDim);
  for (let n = 0, at = 0; n * oldPacked < from.length; n++) {
    for (const [d, a] of dims.entries()) {
      for (let e = 0; e <= d; e++) to[at++] = from[n * oldPacked + packedSize(a) + dims[e]];
    }
  }
}

function copyPrior(from: SidePrior, to: SidePrior, dims: readonly number[]): void {
  copyMeans(from.intercept, from.dim, to.intercept, dims);
  copyMeans(from.effect, from.dim, to.effect, dims);
  copyMeans(from.effectVar, from.dim, to.effectVar, dims);
  for (let f = 0; f < from.space.families.length; f++) {
    for (const [d, a] of dims.entries())
      to.ridge[f * dims.length + d] = from.ridge[f * from.dim + a];
  }
  const scale = new Float64Array(dims.length * dims.length);
  for (const [d, a] of dims.entries()) {
    for (const [e, b] of dims.entries()) {
      scale[d * dims.length + e] = from.precision.inverseScale[a * from.dim + b];
    }
  }
  to.precision = wishart(dims.length, from.precision.dof, scale);
  to.rebuildMeans();
}
