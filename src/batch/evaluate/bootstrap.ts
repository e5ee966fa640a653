import type { Interval } from '../../contracts/metrics.ts';
import { type Random, seededRandom } from '../../model/random.ts';
import { mean } from './metrics.ts';

/** How often and from which seed the rows are drawn. */
export interface BootstrapOptions {
  readonly seed: number;
  /** 1000 if left out. */
  readonly replicates?: number;
}

/** A figure computed from the means of the columns, such as a difference of two root mean squares. */
export type Statistic = (means: Float64Array) => number;

/** Difference of the roots of two columns of squared errors: column `a` minus column `b`. */
export const rmseDifference =
  (a: number, b: number): Statistic =>
  (means) =>
    Math.sqrt(means[a]) - Math.sqrt(means[b]);

/** Mean of a column, for example of differences row by row. */
export const columnMean =
  (column: number): Statistic =>
  (means) =>
    means[column];

/** How often a row is drawn, Poisson of mean 1, by 16 random bits. */
const TIMES = timesByBits();

/**
 * Percentile bootstrap: each row is drawn a number of times that is Poisson of mean 1, all columns of a row together, which pairs
 * the methods (Chamandy et al. 2012: rows in their order instead of anywhere, for the same intervals). All columns have the same length,
 * at least 1. Returns one 95 % interval a statistic.
 */
export function pairedBootstrap(
  columns: readonly Float64Array[],
  statistics: readonly Statistic[],
  { seed, replicates = 1000 }: BootstrapOptions,
): Interval[] {
  const rows = columns[0].length;
  const width = columns.length;
  const cells = new Float64Array(rows * width);
  columns.forEach((column, c) => {
    column.forEach((value, row) => (cells[row * width + c] = value));
  });
  const random = seededRandom(seed);
  const draws = statistics.map(() => new Float64Array(replicates));
  const means = new Float64Array(width);
  for (let replicate = 0; replicate < replicates;) {
    const drawn = addDraws(cells, width, random, means.fill(0));
    // of a few rows none may be drawn, which says nothing
    if (drawn === 0) continue;
    for (let c = 0; c < width; c++) means[c] /= drawn;
    statistics.forEach((statistic, s) => {
      draws[s][replicate] = statistic(means);
    });
    replicate++;
  }
  const observed = Float64Array.from(columns, mean);
  return statistics.map((statistic, s) => {
    const sorted = draws[s].sort();
    return {
      value: statistic(observed),
      low: percentile(sorted, 0.025),
      high: percentile(sorted, 0.975),
    };
  });
}

/** Adds one draw of all rows to the sums of the columns; returns how many rows that are. */
function addDraws(cells: Float64Array, width: number, random: Random, sums: Float64Array): number {
  let drawn = 0;
  let bits = 0;
  for (let at = 0, row = 0; at < cells.length; at += width, row++) {
    // one draw of the generator is enough for two rows
    bits = row % 2 === 0 ? random() * 2 ** 32 : bits >>> 16;
    const times = TIMES[bits & 0xffff];
    drawn += times;
    for (let c = 0; c < width; c++) sums[c] += times * cells[at + c];
  }
  return drawn;
}

function timesByBits(): Uint8Array {
  const table = new Uint8Array(2 ** 16);
  let below = Math.exp(-1);
  for (let bits = 0, times = 0, chance = below; bits < table.length; bits++) {
    while ((bits + 0.5) / table.length > below) {
      chance /= ++times;
      below += chance;
    }
    table[bits] = times;
  }
  return table;
}

/** Quantile of ascending numbers, linear between neighbours. */
function percentile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
