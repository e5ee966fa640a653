import { LATENT_SUMS } from './latent-chunk.ts';
import type { ModelState } from './model-state.ts';
import { poolFor } from './reader-sweep.ts';
import { sweepNumbersOf } from './sweep-data.ts';

/** q(y) of every rating that is latent, where any is; threads as for readers. */
export function sweepLatent(state: ModelState, pool = poolFor(state)): void {
  if (state.latent === null) return;
  const sums = pool.run('latent', sweepNumbersOf(state));
  state.latent.entropy = sums[LATENT_SUMS.entropy];
  state.squares += sums[LATENT_SUMS.squares];
}
