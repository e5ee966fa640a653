import { normalCdf } from './special-functions.ts';

/**
 * Map from the Gaussian latent rating N(m, v) to the levels of the scale:
 * P(level l) = Phi((b_l - m) / s) - Phi((b_{l-1} - m) / s), s^2 = spread v, and the conformal repair of its intervals.
 */
export interface LevelMap {
  /** Levels, ascending; length L. */
  readonly levels: Float64Array;
  /** Cut points b_1 .. b_{L-1}, ascending, in rating units. */
  readonly cuts: Float64Array;
  /** Factor on the latent variance. */
  readonly spread: number;
  /** Upper edges of the groups by latent sd; one group more than edges. */
  readonly groupEdges: Float64Array;
  /**
   * By group: the nominal central mass at which an interval covers share c / (n - 1) of unseen ratings, for
   * c = 0 .. n - 1; groups x n.
   */
  readonly mass: Float64Array;
}

/** The map that nothing was learned for: cuts half-way between levels, intervals as they come. */
export function plainLevelMap(levels: Float64Array): LevelMap {
  const cuts = new Float64Array(Math.max(0, levels.length - 1));
  for (let l = 0; l < cuts.length; l++) cuts[l] = (levels[l] + levels[l + 1]) / 2;
  return { levels, cuts, spread: 1, groupEdges: new Float64Array(0), mass: Float64Array.of(0, 1) };
}

/** Group of a latent standard deviation. */
function spreadGroup(map: LevelMap, sd: number): number {
  let group = 0;
  while (group < map.groupEdges.length && sd > map.groupEdges[group]) group++;
  return group;
}

/** Writes P(level) for latent mean `m` and variance `v` to `out[at .. at + L)`. */
export function levelProbabilities(
  map: LevelMap,
  m: number,
  v: number,
  out: Float64Array,
  at: number,
): void {
  const scale = 1 / Math.sqrt(map.spread * v);
  let below = 0;
  for (let l = 0; l < map.cuts.length; l++) {
    const upTo = normalCdf((map.cuts[l] - m) * scale);
    out[at + l] = upTo - below;
    below = upTo;
  }
  out[at + map.cuts.length] = 1 - below;
}

/** Nominal mass of the central interval that covers `share` of unseen ratings in the group of `sd`. */
export function calibratedMass(map: LevelMap, sd: number, share: number): number {
  const groups = map.groupEdges.length + 1;
  const points = map.mass.length / groups;
  const at = share * (points - 1);
  const low = Math.min(points - 2, Math.floor(at));
  const base = spreadGroup(map, sd) * points + low;
  return map.mass[base] + (at - low) * (map.mass[base + 1] - map.mass[base]);
}

/**
 * Quantile of the rating at probability p: the levels' mass spread over their cells, half of it on each side of the
 * level, so that a quantile passes level y exactly where half of y's mass lies below; kept within the scale.
 * `prob` holds P(level) from `at`; `sd` is the latent standard deviation.
 */
export function ratingQuantile(
  map: LevelMap,
  prob: Float64Array,
  at: number,
  sd: number,
  p: number,
): number {
  const mass = calibratedMass(map, sd, Math.abs(2 * p - 1));
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

/** P(rating >= t) for latent mean `m` and variance `v`, without the probabilities of the single levels. */
export function chanceAtLeast(map: LevelMap, m: number, v: number, t: number): number {
  let l = 0;
  while (l < map.levels.length && map.levels[l] < t) l++;
  if (l === 0) return 1;
  if (l === map.levels.length) return 0;
  return normalCdf((m - map.cuts[l - 1]) / Math.sqrt(map.spread * v));
}
