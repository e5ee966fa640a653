import type { HeldOutRows } from './held-out-rows.ts';
import type { ModelState } from './model-state.ts';

/** Share of the noise variance that every effect variance starts from: half the residual's deviation (3.12). */
export const START_SHARE = 0.25;
/** Smallest and largest variance as shares of the noise variance. */
const MIN_SHARE = 1e-4;
const MAX_SHARE = 4;
/** Sweeps before which the variances are searched, and the factor of the search's steps there. */
const SEARCHES: ReadonlyMap<number, number> = new Map([
  [4, 2],
  [8, 1.5],
  [12, 1.5],
  [16, 1.25],
]);


/**
 * Chooses sigma_F^2, family by family, by the squared error of rows that training does not see. The bound itself is a poor
 * judge: mean field counts the books' part of a residual twice, and on sparse data settles far below the best
 * predictions (docs/model.md 3.12). Does nothing between the sweeps of the plan, or without rows.
 */
export function searchEffectVariances(state: ModelState, sweep: number, heldOut: HeldOutRows): void {
  const factor = SEARCHES.get(sweep);
  const { effectVar } = state.books;
  if (factor === undefined || heldOut.size === 0 || effectVar.length === 0) return;
  const noise = state.tau.rate / state.tau.shape;
  let best = heldOut.squaredError(state);
  for (let f = 0; f < effectVar.length; f++) {
    for (const step of [factor, 1 / factor]) {
      const before = best;
      best = walk(state, f, step, best, heldOut, [MIN_SHARE * noise, MAX_SHARE * noise]);
      if (best < before) break;
    }
  }
}

/** Multiplies variance f by `step` as long as the error falls; returns the error reached. */
function walk(
  state: ModelState,
  f: number,
  step: number,
  start: number,
  heldOut: HeldOutRows,
  [low, high]: readonly [number, number],
): number {
  const { effectVar } = state.books;
  let best = start;
  for (;;) {
    const old = effectVar[f];
    const next = old * step;
    if (next < low || next > high) return best;
    effectVar[f] = next;
    const loss = heldOut.squaredError(state);
    if (!(loss < best)) {
      effectVar[f] = old;
      return best;
    }
    best = loss;
  }
}
