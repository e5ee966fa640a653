import { factorSignal } from './dead-factors.ts';
import type { ModelState } from './model-state.ts';

/** Signal below this part of the noise variance counts as none. */
const NO_SIGNAL = 1e-6;

/**
 * Factors in use: exp of the entropy of their shares of the variance of p . q; 0 for rank 0, or where the priors
 * have shut all factors down.
 */
export function effectiveRank(state: ModelState): number {
  const signal = Array.from({ length: state.dim - 1 }, (_, k) => factorSignal(state, k + 1));
  const total = signal.reduce((sum, share) => sum + share, 0);
  if (total < (NO_SIGNAL * state.tau.rate) / state.tau.shape) return 0;
  return Math.exp(
    -signal.reduce((sum, x) => (x > 0 ? sum + (x / total) * Math.log(x / total) : sum), 0),
  );
}
