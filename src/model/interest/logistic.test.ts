import { describe, expect, it } from 'vitest';
import { normalDraw, seededRandom } from '../random.ts';
import { Odds } from './odds.ts';
import { fitLogistic, type LogisticRows, logPosterior } from './logistic.ts';

const TRUE = [0.8, -0.5, 0.3, -2];

/** Outcomes drawn with the weights `TRUE`; negatives are thinned to a fifth and weigh five. */
function planted(count: number, seed: number): LogisticRows {
  const random = seededRandom(seed);
  const signal: number[] = [];
  const outcome: number[] = [];
  const weight: number[] = [];
  for (let n = 0; n < count; n++) {
    const x = [normalDraw(random), normalDraw(random), normalDraw(random)];
    const odds = x.reduce((sum, value, a) => sum + TRUE[a] * value, TRUE[3]);
    const happened = random() < 1 / (1 + Math.exp(-odds));
    if (!happened && random() >= 0.2) continue;
    signal.push(...x);
    outcome.push(happened ? 1 : 0);
    weight.push(happened ? 1 : 5);
  }
  return {
    width: 3,
    signal: Float64Array.from(signal),
    outcome: Uint8Array.from(outcome),
    weight: Float64Array.from(weight),
  };
}

/** P(picks up) of one row of signals. */
function chanceOf(odds: Odds, signal: Float64Array): number {
  odds.of(signal);
  return odds.chance(odds.mean, odds.own, odds.cross, signal[signal.length - 1]);
}

describe('the logistic regression', () => {
  const rows = planted(60_000, 3);
  const posterior = fitLogistic(rows);

  it('recovers planted weights from thinned and weighted negatives', () => {
    TRUE.forEach((weight, a) => {
      expect(Math.abs(posterior.mean[a] - weight)).toBeLessThan(0.05);
      expect(Math.sqrt(posterior.cov[a * 5])).toBeLessThan(0.03);
    });
  });

  it('stands at the top of its posterior', () => {
    const top = logPosterior(rows, posterior.mean);
    for (let a = 0; a < 4; a++) {
      for (const step of [-0.01, 0.01]) {
        expect(logPosterior(rows, posterior.mean.with(a, posterior.mean[a] + step))).toBeLessThan(
          top,
        );
      }
    }
  });

  it('gives calibrated probabilities on rows that it has not seen', () => {
    const fresh = planted(60_000, 4);
    const groups = Array.from({ length: 5 }, () => ({ said: 0, seen: 0, weight: 0 }));
    const odds = new Odds(posterior);
    fresh.outcome.forEach((happened, n) => {
      const p = chanceOf(odds, fresh.signal.subarray(n * 3, n * 3 + 3));
      const group = groups[Math.min(4, Math.floor(p * 10))];
      group.said += fresh.weight[n] * p;
      group.seen += fresh.weight[n] * happened;
      group.weight += fresh.weight[n];
    });
    for (const { said, seen, weight } of groups) {
      expect(Math.abs(said - seen) / weight).toBeLessThan(0.02);
    }
  });

  it('stays at the prior without rows, and near one half of what never varies', () => {
    const none = { width: 2, signal: new Float64Array(), outcome: new Uint8Array() };
    const { mean, cov } = fitLogistic({ ...none, weight: new Float64Array() });
    expect([...mean]).toEqual([0, 0, 0]);
    expect([cov[0], cov[4]]).toEqual([1, 1]);
    expect(chanceOf(new Odds({ mean, cov }), Float64Array.of(1, 1))).toBe(0.5);
  });

  it('is finite where a signal tells all', () => {
    const signal = Float64Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 3 : -3));
    const outcome = Uint8Array.from(signal, (x) => (x > 0 ? 1 : 0));
    const weight = new Float64Array(40).fill(1);
    const { mean } = fitLogistic({ width: 1, signal, outcome, weight });
    expect(mean[0]).toBeGreaterThan(0.5);
    expect(mean[0]).toBeLessThan(10);
  });

  it('refuses a signal that is not a number', () => {
    const signal = rows.signal.with(7, Number.NaN);
    expect(() => fitLogistic({ ...rows, signal })).toThrow(
      expect.objectContaining({ code: 'NUMERICAL' }),
    );
  });
});
