import { describe, expect, it } from 'vitest';
import { randomTraining } from '../../testing/random-training.ts';
import { FactorWatch, factorSignal } from './dead-factors.ts';
import { effectiveRank } from './effective-rank.ts';
import { startState } from './model-state.ts';
import type { ModelState } from './model-state.ts';

/** A state in which factor k explains `signal[k - 1]` of the variance. */
function stateWith(signal: readonly number[]): ModelState {
  const data = randomTraining({ seed: 1, readers: 10, books: 8, density: 1 });
  const state = startState(data, signal.length, 1);
  for (const side of [state.readers, state.books]) {
    side.mean.forEach((_, at) => {
      const k = at % state.dim;
      if (k > 0) side.mean[at] = signal[k - 1] ** 0.25;
    });
  }
  return state;
}

describe('the rank in use', () => {
  it.each([
    { signal: [1, 1, 1], want: 3 },
    { signal: [1, 0, 0], want: 1 },
    { signal: [1, 1, 0], want: 2 },
    { signal: [1e-12, 1e-12], want: 0 },
    { signal: [], want: 0 },
  ])('of signals $signal is $want', ({ signal, want }) => {
    expect(effectiveRank(stateWith(signal))).toBeCloseTo(want, 8);
  });

  it('is between for unequal shares', () => {
    const rank = effectiveRank(stateWith([1, 0.1]));
    expect(rank).toBeGreaterThan(1);
    expect(rank).toBeLessThan(2);
  });
});

describe('the watch over the factors', () => {
  const at = (watch: FactorWatch, signal: readonly number[]) => watch.living(stateWith(signal));

  it('lets go of a factor without signal that goes on falling', () => {
    const watch = new FactorWatch();
    expect(at(watch, [1, 1e-8])).toEqual([1, 2]);
    expect(at(watch, [1, 1e-9])).toEqual([1, 2]);
    expect(at(watch, [1, 1e-10])).toEqual([1]);
  });

  it('keeps a small factor that grows, and a large one that falls', () => {
    const watch = new FactorWatch();
    for (const n of [0, 1, 2, 3, 4]) {
      expect(at(watch, [2 - n / 10, 1e-10 * (1 + n)])).toEqual([1, 2]);
    }
  });

  it('takes the product of both sides as the signal', () => {
    expect(factorSignal(stateWith([4, 9]), 2)).toBeCloseTo(9, 10);
  });
});
