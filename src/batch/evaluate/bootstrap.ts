import type { Interval } from '../../contracts/metrics.ts';
import { seededRandom } from '../../model/random.ts';

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
  const random = seededRandom(seed);
  const draws = statistics.map(() => new Float64Array(replicates));
  // How often each row was drawn.
  const times = new Uint16Array(rows);
  for (let replicate = 0; replicate < replicates; replicate++) {
    times.fill(0);
    for (let n = 0; n < rows; n++) times[Math.floor(random() * rows)]++;
    const means = Float64Array.from(columns, (column) => weightedSum(column, times) / rows);
    statistics.forEach((statistic, s) => {
      draws[s][replicate] = statistic(means);
    });
  }
  const observed = Float64Array.from(
    columns,
    (column) => weightedSum(column, times.fill(1)) / rows,
  );
  return statistics.map((statistic, s) => {
    const sorted = draws[s].sort();
    return {
      value: statistic(observed),
      low: percentile(sorted, 0.025),
      high: percentile(sorted, 0.975),
    };
  });
}

function weightedSum(column: Float64Array, weight: Uint16Array): number {
  let sum = 0;
  for (let row = 0; row < column.length; row++) sum += column[row] * weight[row];
  return sum;
}

/** Quantile of ascending numbers, linear between neighbours. */
function percentile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
