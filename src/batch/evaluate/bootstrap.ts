import type { Interval } from '../../contracts/metrics.ts';
import { seededRandom } from '../../model/random.ts';
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

/**
 * Percentile bootstrap: rows are drawn with replacement, all columns of a row together, which pairs
 * the methods. All columns have the same length, at least 1. Returns one 95 % interval a statistic.
 */
export function pairedBootstrap(
  columns: readonly Float64Array[],
  statistics: readonly Statistic[],
  { seed, replicates = 1000 }: BootstrapOptions,
): Interval[] {
  const rows = columns[0].length;
  const width = columns.length;
  // row by row, so that a draw reads one place of the memory
  const cells = new Float64Array(rows * width);
  columns.forEach((column, c) => {
    column.forEach((value, row) => (cells[row * width + c] = value));
  });
  const random = seededRandom(seed);
  const draws = statistics.map(() => new Float64Array(replicates));
  const means = new Float64Array(width);
  for (let replicate = 0; replicate < replicates; replicate++) {
    means.fill(0);
    for (let n = 0; n < rows; n++) {
      const at = Math.floor(random() * rows) * width;
      for (let c = 0; c < width; c++) means[c] += cells[at + c];
    }
    for (let c = 0; c < width; c++) means[c] /= rows;
    statistics.forEach((statistic, s) => {
      draws[s][replicate] = statistic(means);
    });
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

/** Quantile of ascending numbers, linear between neighbours. */
function percentile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
