import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byActivity, byCount, bySpread, measureSlices } from './slices.ts';

describe('bySpread', () => {
  it('cuts into quarters by spread, equal ones by row', () => {
    const groups = bySpread(Float64Array.of(3, 1, 2, 2, 9, 1, 5, 4));
    expect(groups.map(({ rows }) => [...rows])).toEqual([
      [1, 5],
      [2, 3],
      [0, 7],
      [6, 4],
    ]);
  });

  it('has every row once, in groups of equal size within one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true })), (sd) => {
        const sizes = bySpread(Float64Array.from(sd)).map(({ rows }) => rows.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const rows = bySpread(Float64Array.from(sd)).flatMap((group) => [...group.rows]);
        expect(rows.sort((a, b) => a - b)).toEqual([...sd.keys()]);
      }),
    );
  });
});

describe('byCount', () => {
  it('puts counts into 0, 1-4, 5-19 and 20+', () => {
    const groups = byCount(Int32Array.of(0, 1, 4, 5, 19, 20, 500));
    expect(groups.map(({ name, rows }) => [name, ...rows])).toEqual([
      ['0', 0],
      ['1-4', 1, 2],
      ['5-19', 3, 4],
      ['20+', 5, 6],
    ]);
  });
});

describe('byActivity', () => {
  it('crosses the bands of books and readers', () => {
    const groups = byActivity(Int32Array.of(0, 2, 9, 10), Int32Array.of(3, 0, 3, 99));
    expect(groups).toHaveLength(16);
    expect(groups.filter(({ rows }) => rows.length > 0)).toEqual([
      { name: 'books 0, readers 1-2', rows: Int32Array.of(1) },
      { name: 'books 3-9, readers 0', rows: Int32Array.of(0) },
      { name: 'books 3-9, readers 3-9', rows: Int32Array.of(2) },
      { name: 'books 10+, readers 10+', rows: Int32Array.of(3) },
    ]);
  });
});

describe('measureSlices', () => {
  it('measures each group that has rows', () => {
    const groups = [
      { name: 'none', rows: Int32Array.of() },
      { name: 'some', rows: Int32Array.of(0, 2) },
    ];
    const intervals = Float64Array.of(
      ...[5, 5, 4, 6, 3, 7, 2, 8],
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 2, 1, 2, 1, 2, 1, 2],
    );
    const got = measureSlices(groups, {
      squaredError: Float64Array.of(1, 100, 7),
      value: Float64Array.of(6, 5, 9),
      intervals,
      rawIntervals: intervals.map(() => 9),
    });
    const coverage = { p50: 0, p80: 0.5, p90: 0.5, p95: 0.5 };
    const rawCoverage = { p50: 0.5, p80: 0.5, p90: 0.5, p95: 0.5 };
    expect(got).toEqual([{ name: 'some', rows: 2, rmse: 2, coverage, rawCoverage }]);
  });
});
