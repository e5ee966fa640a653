import type { Slice } from '../../contracts/metrics.ts';
import { ACTIVITY_BANDS, bandName, bandOf } from '../../model/activity-bands.ts';
import { coverage, mean } from './metrics.ts';

/** Test rows that belong together. */
export interface RowGroup {
  readonly name: string;
  /** Positions among the test rows. */
  readonly rows: Int32Array;
}

const QUARTERS = ['narrowest quarter', 'second quarter', 'third quarter', 'widest quarter'];

const COUNT_BANDS = [
  { name: '0', from: 0, to: 0 },
  { name: '1-4', from: 1, to: 4 },
  { name: '5-19', from: 5, to: 19 },
  { name: '20+', from: 20, to: Number.POSITIVE_INFINITY },
];

/** Four groups of equal size (within one row) by ascending spread; equal spreads in row order. */
export function bySpread(sd: Float64Array): RowGroup[] {
  const order = Int32Array.from(sd.keys()).sort((a, b) => sd[a] - sd[b] || a - b);
  return QUARTERS.map((name, q) => ({
    name,
    rows: order.slice(Math.round((q * order.length) / 4), Math.round(((q + 1) * order.length) / 4)),
  }));
}

/** Groups by the number of training ratings of each row's reader or book: 0, 1-4, 5-19, 20+. */
export function byCount(count: Int32Array): RowGroup[] {
  const rows = Int32Array.from(count.keys());
  return COUNT_BANDS.map(({ name, from, to }) => ({
    name,
    rows: rows.filter((row) => count[row] >= from && count[row] <= to),
  }));
}

/** Groups by the training ratings of each row's reader and book, in the bands of the conformal repair. */
export function byActivity(readerCount: Int32Array, bookCount: Int32Array): RowGroup[] {
  const bands = Array.from(ACTIVITY_BANDS.keys());
  const band = (count: number): number => bandOf(ACTIVITY_BANDS, count);
  const name = (b: number): string => bandName(ACTIVITY_BANDS, b);
  const rows = Int32Array.from(readerCount.keys());
  return bands.flatMap((b) =>
    bands.map((r) => ({
      name: `books ${name(b)}, readers ${name(r)}`,
      rows: rows.filter((n) => band(readerCount[n]) === r && band(bookCount[n]) === b),
    })),
  );
}

/** What slices are measured from: columns of all rows. */
export interface SliceColumns {
  readonly squaredError: Float64Array;
  readonly value: Float64Array;
  /** Ends of the intervals, and before the conformal repair. */
  readonly intervals: Float64Array;
  readonly rawIntervals: Float64Array;
}

/** Figures of each group that has rows. */
export function measureSlices(
  groups: readonly RowGroup[],
  { squaredError, value, intervals, rawIntervals }: SliceColumns,
): Slice[] {
  return groups
    .filter(({ rows }) => rows.length > 0)
    .map(({ name, rows }) => ({
      name,
      rows: rows.length,
      rmse: Math.sqrt(mean(Float64Array.from(rows, (row) => squaredError[row]))),
      coverage: coverage(intervals, value, rows),
      rawCoverage: coverage(rawIntervals, value, rows),
    }));
}
