import type { ModelState } from './model-state.ts';

/**
 * Factors in use: exp of the entropy of the shares that the factors have in the variance of p . q
 * (participation by entropy); 0 for rank 0 or where all factors are pruned.
 */
export function effectiveRank(state: ModelState): number {
  const { dim, readers, books } = state;
  const shares: number[] = [];
  for (let k = 1; k < dim; k++) shares.push(secondMoment(readers, k, dim) * secondMoment(books, k, dim));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const noise = state.tau.rate / state.tau.shape;
  // below a millionth of the noise there is no signal to count
  if (total < 1e-6 * noise * noise) return 0;
  return Math.exp(-shares.reduce((sum, x) => (x > 0 ? sum + (x / total) * Math.log(x / total) : sum), 0));
}

/** Mean over rated entities of m_k^2: the signal in factor k. */
function secondMoment(
  side: { mean: Float64Array; active: Uint8Array },
  k: number,
  dim: number,
): number {
  let sum = 0;
  let count = 0;
  for (let n = 0; n < side.active.length; n++) {
    if (side.active[n] === 0) continue;
    count++;
    sum += side.mean[n * dim + k] ** 2;
  }
  return count === 0 ? 0 : sum / count;
}
