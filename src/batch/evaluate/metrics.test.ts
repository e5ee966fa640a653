import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as metrics from './metrics.ts';

const levels = Float64Array.of(1, 2, 3, 5);

/** Distributions over the levels with an observed level each. */
const rowsOfPmf = fc
  .array(
    fc.record({
      weights: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 4, maxLength: 4 }),
      observed: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((rows) => ({
    observed: Int32Array.from(rows, (row) => row.observed),
    pmf: Float64Array.from(
      rows.flatMap(({ weights }) => {
        const sum = weights.reduce((a, b) => a + b, 0);
        return weights.map((weight) => weight / sum);
      }),
    ),
  }));

describe('accuracy', () => {
  it('is the root of the mean square and the mean absolute error', () => {
    // Errors 1, -2, 2: squares 1 + 4 + 4 = 9, absolutes 1 + 2 + 2 = 5.
    const got = metrics.accuracy(Float64Array.of(6, 3, 9), Float64Array.of(5, 5, 7));
    expect(got.rmse).toBeCloseTo(Math.sqrt(3), 12);
    expect(got.mae).toBeCloseTo(5 / 3, 12);
  });

  it('has an RMSE of at least the MAE', () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1 }), (pairs) => {
        const { rmse, mae } = metrics.accuracy(
          Float64Array.from(pairs, ([p]) => p),
          Float64Array.from(pairs, ([, v]) => v),
        );
        expect(rmse).toBeGreaterThanOrEqual(mae - 1e-9);
      }),
    );
  });
});

describe('levelIndices', () => {
  it.each([
    { value: 0, want: 0 },
    { value: 1, want: 0 },
    { value: 1.5, want: 1 },
    { value: 3.9, want: 2 },
    { value: 4, want: 3 },
    { value: 7, want: 3 },
  ])('puts $value at index $want', ({ value, want }) => {
    expect([...metrics.levelIndices(Float64Array.of(value), levels)]).toEqual([want]);
  });
});

describe('dnll', () => {
  it('is the mean negative log probability of what was seen', () => {
    const pmf = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.25, 0.25, 0.25, 0.25);
    const got = metrics.dnll(pmf, Int32Array.of(1, 3), levels);
    expect(got).toBeCloseTo((Math.log(5) + Math.log(4)) / 2, 12);
  });

  it('counts an impossible level as 1e-12', () => {
    const got = metrics.dnll(Float64Array.of(1, 0, 0, 0), Int32Array.of(2), levels);
    expect(got).toBeCloseTo(12 * Math.log(10), 10);
  });
});

describe('crps', () => {
  it('weighs the squared distance of distribution functions with the gaps', () => {
    // F = .1, .3, .6; seen 3 (index 2): .1^2 * 1 + .3^2 * 1 + (.6 - 1)^2 * 2 = .01 + .09 + .32.
    const got = metrics.crps(Float64Array.of(0.1, 0.2, 0.3, 0.4), Int32Array.of(2), levels);
    expect(got).toBeCloseTo(0.42, 12);
  });

  it('is the absolute error of a sure prediction, 0 of a right one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat({ max: 3 }), (sure, observed) => {
        const pmf = new Float64Array(4);
        pmf[sure] = 1;
        const got = metrics.crps(pmf, Int32Array.of(observed), levels);
        expect(got).toBe(Math.abs(levels[sure] - levels[observed]));
      }),
    );
  });

  it('is E|X - y| - E|X - Z| / 2', () => {
    fc.assert(
      fc.property(rowsOfPmf, ({ pmf, observed }) => {
        const rows = Array.from(observed, (level, row) => {
          const p = pmf.subarray(4 * row, 4 * row + 4);
          const expected = (f: (x: number) => number): number =>
            p.reduce((sum, weight, l) => sum + weight * f(levels[l]), 0);
          const spread = expected((x) => expected((z) => Math.abs(x - z)));
          return expected((x) => Math.abs(x - levels[level])) - spread / 2;
        });
        const want = rows.reduce((a, b) => a + b, 0) / rows.length;
        expect(metrics.crps(pmf, observed, levels)).toBeCloseTo(want, 10);
      }),
    );
  });
});

describe('coverage', () => {
  const intervals = Float64Array.of(...[4, 6, 3, 7, 2, 8, 1, 9], ...[5, 5, 5, 6, 4, 6, 4, 7]);

  it('counts the ratings within the closed intervals', () => {
    const got = metrics.coverage(intervals, Float64Array.of(7, 4));
    expect(got).toEqual({ p50: 0, p80: 0.5, p90: 1, p95: 1 });
  });

  it('looks at the given rows only', () => {
    const got = metrics.coverage(intervals, Float64Array.of(7, 4), Int32Array.of(1));
    expect(got).toEqual({ p50: 0, p80: 0, p90: 1, p95: 1 });
  });

  it('is beside the mean width of the 95 % interval', () => {
    expect(metrics.meanWidth95(intervals)).toBe((8 + 3) / 2);
  });
});
