import type { ModelState } from './model-state.ts';
import { SEARCH_SUMS } from './reader-chunk.ts';
import { sweepNumbersOf } from './sweep-data.ts';
import type { SweepPool } from './sweep-pool.ts';

/**
 * Shares of the ratings' variance that the variances of the effects and of the leanings start from. Leanings that start wide take
 * what belongs to the labels, and a search, which goes down one variance after another, does not come back from there.
 */
export const START_SHARE = { effects: 0.25, leanings: 0.0625 } as const;
/** Smallest and largest variance as shares of the noise variance. */
const MIN_SHARE = 1e-4;
const MAX_SHARE = 4;
/** A walk over one variance: its steps' factor and its bounds. */
interface Walk {
  readonly factor: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Chooses sigma_L^2, then sigma_F^2, family by family, by the squared error of rows that training does not see. The bound itself is a poor
 * judge: mean field counts the books' part of a residual twice, and on sparse data settles far below the best
 * predictions (docs/model.md 3.12). `factor` is that of the search's steps. Does nothing without rows to search on.
 */
export function searchEffectVariances(state: ModelState, factor: number, pool: SweepPool): void {
  const { effectVar, labels, directions } = state.books;
  if (effectVar.length === 0) return;
  const noise = state.tau.rate / state.tau.shape;
  const bounds = { low: MIN_SHARE * noise, high: MAX_SHARE * noise };
  const error = (): number => searchError(state, pool);
  let best = error();
  if (best === Infinity) return;
  const families = Array.from(labels.families.keys());
  if (directions.count > 0) families.unshift(families.length);
  for (const f of families) {
    // they start wide, so that most go down: an error less to compute
    for (const step of [1 / factor, factor]) {
      const before = best;
      best = walk(effectVar, f, { factor: step, ...bounds }, best, error);
      if (best < before) break;
    }
  }
}

/**
 * Mean squared error of the sample's held-out rows under the state; the readers' posteriors are solved anew, all else is
 * taken as it stands. Infinity without rows, so that nothing is ever chosen on none.
 */
export function searchError(state: ModelState, pool: SweepPool): number {
  const sums = pool.run('search', sweepNumbersOf(state));
  const count = sums[SEARCH_SUMS.count];
  return count === 0 ? Infinity : sums[SEARCH_SUMS.squares] / count;
}

/** Multiplies variance f by `factor` as long as the error falls; returns the error reached. */
function walk(
  effectVar: Float64Array,
  f: number,
  { factor, low, high }: Walk,
  start: number,
  error: () => number,
): number {
  let best = start;
  for (;;) {
    const old = effectVar[f];
    const next = old * factor;
    if (next < low || next > high) return best;
    effectVar[f] = next;
    const reached = error();
    if (!(reached < best)) {
      effectVar[f] = old;
      return best;
    }
    best = reached;
  }
}
