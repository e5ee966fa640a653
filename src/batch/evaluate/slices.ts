import type { Slice } from '../../contracts/metrics.ts';
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

/** Figures of each group that has rows. */
export function measureSlices(
  groups: readonly RowGroup[],
  squaredError: Float64Array,
  intervals: Float64Array,
  value: Float64Array,
): Slice[] {
  return groups
    .filter(({ rows }) => rows.length > 0)
    .map(({ name, rows }) => ({
      name,
      rows: rows.length,
      rmse: Math.sqrt(mean(Float64Array.from(rows, (row) => squaredError[row]))),
      coverage: coverage(intervals, value, rows),
    }));
}
