import type { Accuracy, Coverage } from '../../contracts/metrics.ts';

/** Least probability of a level in dNLL, so that one sure and wrong row cannot make it infinite. */
const PROBABILITY_FLOOR = 1e-12;

/** Ends of a row's intervals: low and high of 50, 80, 90 and 95 %. */
export const INTERVAL_ENDS = 8;

/** (prediction - value)^2 for each row. */
export function squaredErrors(prediction: Float64Array, value: Float64Array): Float64Array {
  return prediction.map((p, row) => (p - value[row]) ** 2);
}

/** |prediction - value| for each row. */
export function absoluteErrors(prediction: Float64Array, value: Float64Array): Float64Array {
  return prediction.map((p, row) => Math.abs(p - value[row]));
}

/** Arithmetic mean; NaN for no numbers. */
export function mean(numbers: Float64Array): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum / numbers.length;
}

/** RMSE and MAE; NaN for no rows. */
export function accuracy(prediction: Float64Array, value: Float64Array): Accuracy {
  return {
    rmse: Math.sqrt(mean(squaredErrors(prediction, value))),
    mae: mean(absoluteErrors(prediction, value)),
  };
}

/** Index of the level nearest to each value; the upper one of two equally near. */
export function levelIndices(value: Float64Array, levels: Float64Array): Int32Array {
  return Int32Array.from(value, (v) => {
    let index = 0;
    while (index + 1 < levels.length && levels[index + 1] - v <= v - levels[index]) index++;
    return index;
  });
}

/** Mean negative log probability of the observed level, nats; `pmf` is rows x levels. */
export function dnll(pmf: Float64Array, observed: Int32Array, levels: Float64Array): number {
  let sum = 0;
  observed.forEach((level, row) => {
    sum -= Math.log(Math.max(pmf[row * levels.length + level], PROBABILITY_FLOOR));
  });
  return sum / observed.length;
}

/**
 * Shares of the rows in equal slices of their predicted distribution (PIT): the mass of the observed level is spread
 * evenly over the slices that it covers, so that nothing is drawn. All are 1 / bins where the distributions are right.
 */
export function pitHistogram(
  pmf: Float64Array,
  observed: Int32Array,
  levels: Float64Array,
  bins = 10,
): number[] {
  const shares = new Array<number>(bins).fill(0);
  observed.forEach((level, row) => {
    let low = 0;
    for (let l = 0; l < level; l++) low += pmf[row * levels.length + l];
    const mass = Math.max(pmf[row * levels.length + level], PROBABILITY_FLOOR);
    for (let b = 0; b < bins; b++) {
      const overlap = Math.min(low + mass, (b + 1) / bins) - Math.max(low, b / bins);
      if (overlap > 0) shares[b] += overlap / mass / observed.length;
    }
  });
  return shares;
}

/** Mean CRPS in rating units: squared distance of the distribution functions, weighted by the gaps between levels. */
export function crps(pmf: Float64Array, observed: Int32Array, levels: Float64Array): number {
  let sum = 0;
  observed.forEach((level, row) => {
    let below = 0;
    for (let l = 0; l + 1 < levels.length; l++) {
      below += pmf[row * levels.length + l];
      sum += (below - (level <= l ? 1 : 0)) ** 2 * (levels[l + 1] - levels[l]);
    }
  });
  return sum / observed.length;
}

/** Share of `rows` whose value lies in the closed interval; `intervals` is all rows x 8. */
export function coverage(
  intervals: Float64Array,
  value: Float64Array,
  rows: Int32Array = Int32Array.from(value.keys()),
): Coverage {
  const share = (end: number): number => {
    let inside = 0;
    for (const row of rows) {
      const at = row * INTERVAL_ENDS + end;
      if (intervals[at] <= value[row] && value[row] <= intervals[at + 1]) inside++;
    }
    return inside / rows.length;
  };
  return { p50: share(0), p80: share(2), p90: share(4), p95: share(6) };
}

/** Mean width of the 95 % interval, rating units. */
export function meanWidth95(intervals: Float64Array): number {
  let sum = 0;
  for (let at = 6; at < intervals.length; at += INTERVAL_ENDS)
    sum += intervals[at + 1] - intervals[at];
  return (sum * INTERVAL_ENDS) / intervals.length;
}
