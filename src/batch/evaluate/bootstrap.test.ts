import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalDraw, seededRandom } from '../../model/random.ts';
import { columnMean, pairedBootstrap, rmseDifference } from './bootstrap.ts';

const draws = (n: number, seed: number): Float64Array => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: n }, () => normalDraw(random));
};

describe('pairedBootstrap', () => {
  it('gives a mean the interval of the central limit theorem', () => {
    const column = draws(4000, 1);
    const [got] = pairedBootstrap([column], [columnMean(0)], { seed: 2 });
    const mean = column.reduce((a, b) => a + b, 0) / 4000;
    expect(got.value).toBeCloseTo(mean, 12);
    // 1.96 / sqrt(4000) = 0.031
    expect(got.high - mean).toBeGreaterThan(0.027);
    expect(got.high - mean).toBeLessThan(0.035);
    expect(mean - got.low).toBeGreaterThan(0.027);
    expect(mean - got.low).toBeLessThan(0.035);
  });

  it('is the difference of two roots of mean squares', () => {
    const columns = [Float64Array.of(9, 9, 9), Float64Array.of(4, 4, 4)];
    const [got] = pairedBootstrap(columns, [rmseDifference(0, 1)], { seed: 1 });
    expect(got).toEqual({ value: 1, low: 1, high: 1 });
  });

  it('is narrow for methods that err on the same rows, because it pairs them', () => {
    const squared = draws(500, 3).map((e) => e * e);
    const worse = squared.map((e) => 1.1 * e);
    const other = draws(500, 4).map((e) => 1.1 * e * e);
    const statistics = [rmseDifference(1, 0), rmseDifference(2, 0)];
    const [paired, unpaired] = pairedBootstrap([squared, worse, other], statistics, { seed: 1 });
    expect(paired.low).toBeGreaterThan(0);
    expect(paired.high - paired.low).toBeLessThan((unpaired.high - unpaired.low) / 5);
  });

  it('repeats itself for a seed and contains the observed figure', () => {
    const number = fc.double({ min: 0, max: 10, noNaN: true });
    const columns = fc.array(fc.tuple(number, number), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(columns, fc.nat(), (rows, seed) => {
        const table = [Float64Array.from(rows, ([a]) => a), Float64Array.from(rows, ([, b]) => b)];
        const run = () => pairedBootstrap(table, [columnMean(0)], { seed });
        const [{ value, low, high }] = run();
        expect(low).toBeLessThanOrEqual(value + 1e-9);
        expect(high).toBeGreaterThanOrEqual(value - 1e-9);
        expect(run()).toEqual([{ value, low, high }]);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});
