import { bandOf } from './activity-bands.ts';
import { normalCdf, quickNormalCdf } from './special-functions.ts';

/** The levels of the scale, and what the model is fitted to in their place; the numbers ascend. */
export interface Scale {
  /** Length L. */
  readonly levels: Float64Array;
  /** What stands for each level; the levels themselves or their normal scores. */
  readonly scores: Float64Array;
  /** Edges between the levels' cells, L - 1, where a rating is a latent one somewhere in its cell, which the score is only the start for; else null. */
  readonly edges: Float64Array | null;
}

/** The scale of a model that is fitted to the levels as they stand. */
export function plainScale(levels: Float64Array): Scale {
  return { levels, scores: levels, edges: null };
}

/** Number of the cell that a score or any other number lies in. */
export function cellOf(edges: Float64Array, x: number): number {
  let l = 0;
  while (l < edges.length && edges[l] < x) l++;
  return l;
}

/**
 * Map between the levels of the scale and the Gaussian latent rating N(m, v) that the model predicts in their place:
 * P(level l) = Phi((b_l - m) / s) - Phi((b_{l-1} - m) / s), s^2 = spread v exp(tilt (m - centre)), and the conformal
 * repair of its intervals (docs/model.md 3.4).
 */
export interface LevelMap extends Scale {
  /** Cut points b_1 .. b_{L-1}, ascending, in units of the scores. */
  readonly cuts: Float64Array;
  /** Factor on the latent variance. */
  readonly spread: number;
  /** Change of the logarithm of that factor for each unit of the latent mean. */
  readonly tilt: number;
  /** Share of the mean over the levels in the expected rating; the rest is the latent mean itself. */
  readonly blend: number;
  readonly repair: Repair;
}

/**
 * The conformal repair of the intervals: tables by group of activity (how many ratings of the reader and of the book are known) and, within
 * a group, by predicted spread.
 */
export interface Repair {
  /** As `ACTIVITY_BANDS` were when the map was learned. */
  readonly bands: Int32Array;
  /** Group of each pair of bands, reader by book. */
  readonly group: Int32Array;
  /** First table of each group, and the number of tables. */
  readonly start: Int32Array;
  /** Largest standard deviation of each table's ratings; infinite for the last of a group. */
  readonly upTo: Float64Array;
  /**
   * By table: the nominal central mass at which an interval covers share c / (n - 1) of unseen ratings, for
   * c = 0 .. n - 1; tables x n.
   */
  readonly mass: Float64Array;
}

/** How many ratings of a reader and of a book a prediction is made from. */
export interface Known {
  readonly reader: number;
  readonly book: number;
}

/** Intervals as they come. */
const NO_REPAIR: Repair = {
  bands: Int32Array.of(0),
  group: Int32Array.of(0),
  start: Int32Array.of(0, 1),
  upTo: Float64Array.of(Infinity),
  mass: Float64Array.of(0, 1),
};

/** The map that nothing was learned for: cuts half-way between scores, intervals as they come. */
export function plainLevelMap(scale: Scale): LevelMap {
  const { levels, scores } = scale;
  const cuts = new Float64Array(Math.max(0, levels.length - 1));
  for (let l = 0; l < cuts.length; l++) cuts[l] = (scores[l] + scores[l + 1]) / 2;
  return { ...scale, cuts, spread: 1, tilt: 0, blend: 0, repair: NO_REPAIR };
}

/** The map whose intervals are those of its own distribution, without the conformal repair. */
export function withoutRepair(map: LevelMap): LevelMap {
  return { ...map, repair: NO_REPAIR };
}

/** Score of a rating: on the line between those of two levels, which goes on beyond the ends. */
export function scoreOf(
  { levels, scores }: Pick<LevelMap, 'levels' | 'scores'>,
  rating: number,
): number {
  const last = levels.length - 1;
  if (last === 0) return scores[0] + rating - levels[0];
  let l = 0;
  while (l + 1 < last && levels[l + 1] <= rating) l++;
  const share = (rating - levels[l]) / (levels[l + 1] - levels[l]);
  return scores[l] + share * (scores[l + 1] - scores[l]);
}

/** Latent mean that the tilt turns around: the middle of the scores. */
export function centreOf({ scores }: Pick<LevelMap, 'scores'>): number {
  return (scores[0] + scores[scores.length - 1]) / 2;
}

/** 1 / s for latent mean `m` and variance `v`. */
function inverseScale(map: LevelMap, m: number, v: number): number {
  return Math.sqrt(Math.exp(-map.tilt * (m - centreOf(map))) / (map.spread * v));
}

/** Expected rating, within the scale; `prob` holds P(level) from `at`, `m` is the latent mean. */
export function expectedRating(map: LevelMap, prob: Float64Array, at: number, m: number): number {
  const { levels, blend } = map;
  let mean = 0;
  for (let l = 0; l < levels.length; l++) mean += prob[at + l] * levels[l];
  const latent = Math.min(levels[levels.length - 1], Math.max(levels[0], m));
  return blend * mean + (1 - blend) * latent;
}

/** Standard deviation of the rating; `prob` holds P(level) from `at`. */
export function ratingSd({ levels }: LevelMap, prob: Float64Array, at: number): number {
  let mean = 0;
  let squares = 0;
  for (let l = 0; l < levels.length; l++) {
    mean += prob[at + l] * levels[l];
    squares += prob[at + l] * levels[l] * levels[l];
  }
  return Math.sqrt(Math.max(0, squares - mean * mean));
}

/** The table that repairs a prediction from so many ratings, whose rating has the standard deviation `sd`. */
export function repairTable({ repair }: LevelMap, known: Known, sd: number): number {
  const { bands, group, start, upTo } = repair;
  const g = group[bandOf(bands, known.reader) * bands.length + bandOf(bands, known.book)];
  let table = start[g];
  while (table + 1 < start[g + 1] && sd > upTo[table]) table++;
  return table;
}

/** Writes P(level) for latent mean `m` and variance `v` to `out[at .. at + L)`; `cdf` may be a quicker Phi. */
// eslint-disable-next-line max-params -- kernel: an object for each prediction would be garbage
export function levelProbabilities(
  map: LevelMap,
  m: number,
  v: number,
  out: Float64Array,
  at: number,
  cdf = normalCdf,
): void {
  const scale = inverseScale(map, m, v);
  let below = 0;
  for (let l = 0; l < map.cuts.length; l++) {
    const upTo = cdf((map.cuts[l] - m) * scale);
    out[at + l] = upTo - below;
    below = upTo;
  }
  out[at + map.cuts.length] = 1 - below;
}

/** Nominal mass of the central interval that covers `share` of unseen ratings by a table of the repair. */
export function calibratedMass({ repair }: LevelMap, table: number, share: number): number {
  const { mass, upTo } = repair;
  const points = mass.length / upTo.length;
  return massAt(mass, table * points, points, share);
}

/** Mass that the table of so many points from `from` on, one for each of equal steps of the share, gives to a share. */
export function massAt(
  mass: ArrayLike<number>,
  from: number,
  points: number,
  share: number,
): number {
  const at = share * (points - 1);
  const low = Math.min(points - 2, Math.floor(at));
  const base = from + low;
  return mass[base] + (at - low) * (mass[base + 1] - mass[base]);
}

/**
 * Quantile of the rating at probability p: the levels' mass spread over their cells, half of it on each side of the
 * level, so that a quantile passes level y exactly where half of y's mass lies below; kept within the scale.
 * `prob` holds P(level) from `at`; `table` is that of `repairTable`.
 */
export function ratingQuantile(
  map: LevelMap,
  prob: Float64Array,
  at: number,
  table: number,
  p: number,
): number {
  const mass = calibratedMass(map, table, Math.abs(2 * p - 1));
  const target = 0.5 + (p < 0.5 ? -0.5 : 0.5) * mass;
  const { levels } = map;
  let below = 0;
  // position of the quantile between the mid-masses of two neighbouring levels
  let previousMid = 0;
  for (let l = 0; l < levels.length; l++) {
    const mid = below + prob[at + l] / 2;
    if (target <= mid) {
      if (l === 0) return levels[0];
      return (
        levels[l - 1] + ((levels[l] - levels[l - 1]) * (target - previousMid)) / (mid - previousMid)
      );
    }
    below += prob[at + l];
    previousMid = mid;
  }
  return levels[levels.length - 1];
}

/** P(rating >= t) from the level probabilities. */
export function probabilityAtLeast(
  map: LevelMap,
  prob: Float64Array,
  at: number,
  t: number,
): number {
  let sum = 0;
  for (let l = map.levels.length - 1; l >= 0 && map.levels[l] >= t; l--) sum += prob[at + l];
  return Math.min(1, Math.max(0, sum));
}

/** P(rating >= t) for latent mean `m` and variance `v`, without the probabilities of the single levels; absolute error below 1e-11. */
export function chanceAtLeast(map: LevelMap, m: number, v: number, t: number): number {
  let l = 0;
  while (l < map.levels.length && map.levels[l] < t) l++;
  if (l === 0) return 1;
  if (l === map.levels.length) return 0;
  return quickNormalCdf((m - map.cuts[l - 1]) * inverseScale(map, m, v));
}
