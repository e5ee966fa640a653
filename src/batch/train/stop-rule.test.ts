import { describe, expect, it } from 'vitest';
import { StopRule } from './stop-rule.ts';
import type { SweepReport } from './trainer.ts';

const RATINGS = 1000;

/** Sweep at which the rule stops a training with the given bounds a rating and held-out RMSEs, or null. */
function stopOf(bounds: readonly number[], rmse: ReadonlyArray<number | null> = []): number | null {
  const rule = new StopRule(RATINGS, 15);
  for (const [n, bound] of bounds.entries()) {
    const report: SweepReport = {
      sweep: n + 1,
      of: bounds.length,
      elbo: bound * RATINGS,
      noiseSd: 1,
      heldOutRmse: rmse[n] ?? null,
      effectiveRank: 1,
    };
    if (rule.done(report)) return n + 1;
  }
  return null;
}

const repeat = (count: number, value: (n: number) => number) =>
  Array.from({ length: count }, (_, n) => value(n));

/** ML-100K from a poor start: flat from sweep 6 to 12, then the factors come alive. */
const plateau = [
  ...repeat(6, (n) => -1.5 + 0.0228 * n),
  ...repeat(6, (n) => -1.3858 + 0.0001 * n),
  ...repeat(6, (n) => -1.3852 + 0.00165 * n),
  ...repeat(6, (n) => -1.3753 + 0.00117 * n),
  ...repeat(20, () => -1.3683),
];

describe('the stop rule', () => {
  it.each([
    { name: 'a flat end from the start', bounds: repeat(40, () => -1.4), want: 15 },
    { name: 'an early plateau', bounds: plateau, want: 28 },
    { name: 'a steady rise', bounds: repeat(40, (n) => -2 + 0.001 * n), want: null },
    {
      name: 'a flat end after sweep 20',
      bounds: repeat(40, (n) => -2 + 0.01 * Math.min(n, 20)),
      want: 24,
    },
    {
      name: 'a rise in every third sweep',
      bounds: repeat(60, (n) => -2 + 0.01 * Math.floor(n / 3)),
      want: null,
    },
  ])('stops $name at $want', ({ bounds, want }) => {
    expect(stopOf(bounds)).toBe(want);
  });

  it('goes on while the held-out rows still move', () => {
    const flat = repeat(40, () => -1.4);
    expect(
      stopOf(
        flat,
        repeat(40, (n) => 1.6 - 0.001 * n),
      ),
    ).toBeNull();
    expect(
      stopOf(
        flat,
        repeat(40, (n) => 1.6 - 0.001 * Math.min(n, 22)),
      ),
    ).toBe(26);
  });

  it('stops a bound that rises while the held-out rows get worse', () => {
    const rising = repeat(40, (n) => -2 + 0.01 * n);
    expect(
      stopOf(
        rising,
        repeat(40, (n) => 1.5 + 0.001 * Math.abs(n - 13)),
      ),
    ).toBe(17);
  });
});
