import { along } from './directions.ts';
import type { ReaderStep } from './reader-step.ts';

/** Mean and variance of one content effect t_{u,g}, given all ratings of the reader. */
export interface EffectPosterior {
  mean: number;
  variance: number;
}

/** Posterior of label `g`, which the reader of the last `solve` has met. */
export function effectPosterior(step: ReaderStep, g: number): EffectPosterior {
  const { placement, books } = step;
  const at = placement.place[g];
  if (placement.times[g] < 2) {
    return singlePosterior(step, g, books.effectVar[books.labels.familyOf[g]]);
  }
  if (at >= 0) return { mean: step.mean[at], variance: step.cov[at * step.size + at] };
  step.vector.clear();
  step.addLink(~at, 1);
  return {
    mean: step.armMean[~at] - step.vector.dot(step.mean),
    variance: step.armVar[~at] + step.vector.quadraticForm(step.cov, step.size),
  };
}

/** A label met once, in rating k: a fixed share of s_k, plus a part of its own. */
function singlePosterior(step: ReaderStep, g: number, prior: number): EffectPosterior {
  const { placement } = step;
  const k = placement.singleRating[g];
  const share = (prior * placement.singleWeight[g]) / placement.singleVar[k];
  const sum = singleSum(step, k);
  return {
    mean: share * sum.mean,
    variance: prior - share * share * (placement.singleVar[k] - sum.variance),
  };
}

/** Posterior of s_k, the sum of the labels that the reader met in rating k only. */
function singleSum(step: ReaderStep, k: number): EffectPosterior {
  const shrink = step.shrink[k];
  const keep = 1 - shrink;
  const rest = (step.fitMean[k] - shrink * step.residual[k]) / keep;
  const restVar = (step.fitVar[k] - keep * step.placement.singleVar[k]) / (keep * keep);
  return {
    mean: shrink * (step.residual[k] - rest),
    variance: keep * step.placement.singleVar[k] + shrink * shrink * restVar,
  };
}

/** Posterior mean of the leanings l_u of the last `solve`, S numbers. */
export function leaningMean(step: ReaderStep): Float64Array {
  const { dim, width, books, placement } = step;
  const { count, place } = books.directions;
  if (width > dim || count === 0) return step.mean.slice(dim, width);
  if (placement.count === 0 || placement.singleVar[0] === 0) return new Float64Array(count);
  const from = placement.book[0] * count;
  const share = (step.leaningVar / placement.singleVar[0]) * singleSum(step, 0).mean;
  return Float64Array.from(place.subarray(from, from + count), (d) => share * d);
}

/** Sum of the posterior variances of the leanings of a reader with ratings. */
function leaningVariances(step: ReaderStep): number {
  const { dim, width, size, cov, books, placement } = step;
  let sum = 0;
  for (let a = dim; a < width; a++) sum += cov[a * size + a];
  if (width > dim) return sum;
  const { leaningVar } = step;
  const [book, all] = [placement.book[0], placement.singleVar[0]];
  const prior = books.directions.count * leaningVar;
  if (all === 0) return prior;
  const share = (leaningVar / all) ** 2 * along(books.directions, book, book);
  return prior - share * (all - singleSum(step, 0).variance);
}

/** Sums over the labels that readers have met, by family, and over the leanings behind them. */
export interface EffectSums {
  readonly met: Float64Array;
  /** sum of E[t^2] */
  readonly squares: Float64Array;
  /** sum of Var[t] */
  readonly variances: Float64Array;
}

/** Sums of no reader. */
export function emptyEffectSums(families: number): EffectSums {
  return {
    met: new Float64Array(families),
    squares: new Float64Array(families),
    variances: new Float64Array(families),
  };
}

/** Adds the reader of the last `solve`. */
export function addEffectSums(step: ReaderStep, sums: EffectSums): void {
  for (const g of step.placement.touched) {
    const f = step.books.labels.familyOf[g];
    const { mean, variance } = effectPosterior(step, g);
    sums.met[f]++;
    sums.squares[f] += mean * mean + variance;
    sums.variances[f] += variance;
  }
  const { directions, labels } = step.books;
  if (directions.count === 0) return;
  const f = labels.families.length;
  const variance = leaningVariances(step);
  sums.met[f] += directions.count;
  sums.squares[f] += variance;
  for (const mean of leaningMean(step)) sums.squares[f] += mean * mean;
  sums.variances[f] += variance;
}
