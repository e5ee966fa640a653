import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decisionSchema } from '../../contracts/run.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import type { Interval } from '../../contracts/metrics.ts';
import { SAMPLE_METRICS } from '../../testing/sample-version.ts';
import { decide, type GateInput } from './gate.ts';
import type { HeldOut } from './held-out.ts';

const ROWS = 4000;
const random = seededRandom(1);
const value = Float32Array.from({ length: ROWS }, () => Math.ceil(10 * random()));
const error = Float32Array.from({ length: ROWS }, () => 1.5 * normalDraw(random));
const jitter = Float32Array.from({ length: ROWS }, () => normalDraw(random));

/** Predictions that miss by `scale` times the same errors, and by `noise` on their own. */
function heldOut(scale: number, noise = 0, rows = ROWS): HeldOut {
  return {
    key: Float64Array.from({ length: rows }, (_, row) => 1000 + row),
    value: value.slice(0, rows),
    prediction: value
      .slice(0, rows)
      .map((rating, row) => rating + scale * (error[row] ?? 0) + noise * (jitter[row] ?? 0)),
  };
}

const clear = { value: 0, low: -0.1, high: 0.1 };
const above = { value: 0.2, low: 0.01, high: 0.3 };
const below = { value: -0.2, low: -0.3, high: -0.01 };

interface Measurement {
  readonly testRows: number;
  readonly readers: number;
  readonly rmseVsBias: Interval;
  readonly ndcg10VsPopularity: Interval | null;
}

/** What a model measured, by default neither better nor worse than the baselines. */
function measured({
  testRows = ROWS,
  readers = 500,
  rmseVsBias = clear,
  ndcg10VsPopularity = clear,
}: Partial<Measurement> = {}): GateInput['metrics'] {
  const { model, differences } = SAMPLE_METRICS;
  return {
    testRows,
    model: { ...model, ranking: { ...model.ranking, readers } },
    differences: { ...differences, rmseVsBias, ndcg10VsPopularity },
  };
}

const gate = (change: Partial<GateInput>) =>
  decide({
    policy: 'if-not-worse',
    margin: 0.005,
    live: { version: 'v1', heldOut: heldOut(1) },
    next: heldOut(1),
    metrics: measured(),
    seed: 1,
    ...change,
  });

describe('decide', () => {
  it.each([
    { name: 'the same model', next: heldOut(1), publish: true, reason: 'not-worse' },
    { name: 'a better model', next: heldOut(0.98), publish: true, reason: 'not-worse' },
    { name: 'one within the margin', next: heldOut(1.002), publish: true, reason: 'not-worse' },
    { name: 'one beyond the margin', next: heldOut(1.01), publish: false, reason: 'worse' },
    { name: 'one that is far off', next: heldOut(2), publish: false, reason: 'worse' },
    {
      name: 'a worse one on few rows',
      next: heldOut(1, 0.5, 250),
      publish: false,
      reason: 'worse',
    },
    {
      name: 'one with too few shared rows',
      next: heldOut(0.9, 0, 199),
      publish: false,
      reason: 'not-comparable',
    },
  ])('says $reason of $name', ({ next, publish, reason }) => {
    expect(gate({ next })).toMatchObject({ publish, reason, policy: 'if-not-worse' });
  });

  it('publishes what measures better, however uncertain that is', () => {
    const better = gate({ next: heldOut(0.982, 0.25, 250) });
    expect(better.difference?.value).toBeLessThan(0);
    expect(better.difference?.high).toBeGreaterThan(0.005);
    expect(better.publish).toBe(true);
  });

  it('compares small held-out sets on half of their rows', () => {
    const live = { version: 'v1', heldOut: heldOut(1, 0, 100) };
    expect(gate({ live, next: heldOut(1, 0, 50) }).reason).toBe('not-worse');
    expect(gate({ live, next: heldOut(1, 0, 49) }).reason).toBe('not-comparable');
  });

  it('looks only at the same pairs with the same ratings', () => {
    const next = heldOut(1);
    const shifted = {
      ...next,
      // Rows 0 to 999 are of other pairs, rows 1000 to 1999 have another rating.
      key: next.key.map((key, row) => (row < 1000 ? -key : key)),
      value: next.value.map((rating, row) => (row >= 1000 && row < 2000 ? rating + 1 : rating)),
      prediction: next.prediction.map((p, row) => (row < 2000 ? 1e6 : p)),
    };
    expect(gate({ next: shifted })).toMatchObject({
      sharedRows: 2000,
      difference: { value: 0, low: 0, high: 0 },
      publish: true,
    });
  });

  it.each([
    { policy: 'always' as const, publish: true, reason: 'policy-always' },
    { policy: 'never' as const, publish: false, reason: 'policy-never' },
  ])('obeys $policy and still records the comparison', ({ policy, publish, reason }) => {
    const got = gate({ policy, next: heldOut(2) });
    expect(got).toMatchObject({ publish, reason, comparedWith: 'v1', sharedRows: ROWS });
    expect(got.difference?.low).toBeGreaterThan(1);
  });

  it.each([
    { name: 'no version is live', live: null, reason: 'first-version', publish: true },
    {
      name: 'the live version has no held-out predictions',
      live: { version: 'v1', heldOut: null },
      reason: 'not-comparable',
      publish: false,
    },
  ])('has no figures when $name', ({ live, reason, publish }) => {
    const want = { reason, publish, comparedWith: null, sharedRows: 0, difference: null };
    expect(gate({ live })).toMatchObject(want);
  });

  it.each([
    { name: 'predicts surely worse than biases', metrics: measured({ rmseVsBias: above }) },
    {
      name: 'ranks surely worse than popularity',
      metrics: measured({ ndcg10VsPopularity: below }),
    },
  ])('keeps out what $name, the first model too, unless told always', ({ metrics }) => {
    for (const live of [null, { version: 'v1', heldOut: heldOut(1) }]) {
      const got = gate({ live, metrics });
      expect(got).toMatchObject({ publish: false, reason: 'below-baseline' });
      expect(got.message).toMatch(/0\.2000 \(95 % interval .*--publish always/);
    }
    expect(gate({ metrics, policy: 'always' }).publish).toBe(true);
    expect(gate({ metrics, next: heldOut(2) }).reason).toBe('worse');
  });

  it.each([
    { name: 'worse by chance alone', metrics: measured({ rmseVsBias: { ...above, low: -0.01 } }) },
    { name: 'of too few rows', metrics: measured({ testRows: 29, rmseVsBias: above }) },
    { name: 'of too few readers', metrics: measured({ readers: 29, ndcg10VsPopularity: below }) },
    { name: 'of nobody to rank for', metrics: measured({ ndcg10VsPopularity: null }) },
  ])('does not take for a loss a difference that is $name', ({ metrics }) => {
    expect(gate({ metrics }).publish).toBe(true);
  });

  it('tells the figures, the version and the way out', () => {
    const { message } = gate({ next: heldOut(2) });
    expect(message).toMatch(
      /^Measured worse, and the margin of 0\.005 may be exceeded: RMSE \+1\.\d{4} \(/,
    );
    expect(message).toContain('against version v1 on 4000 shared held-out ratings');
    expect(message).toContain('--publish always');
  });

  it('never publishes a worse estimate than the margin, and always a record of the schema', () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(number(0.9, 1.1), number(0, 1), number(0, 0.05), (scale, noise, margin) => {
        const got = gate({ margin, next: heldOut(scale, noise, 500) });
        if (got.publish) expect(got.difference?.value).toBeLessThanOrEqual(margin);
        expect(decisionSchema.parse(got)).toEqual(got);
      }),
      { numRuns: 30 },
    );
  });
});
