import type { Ratings } from '../../model/data.ts';
import { scoreOf } from '../../model/level-map.ts';
import { normalPdf, normalQuantile } from '../../model/special-functions.ts';

/** Rows that every level is taken to have more of than there are, so that one never given has a score too. */
const PSEUDO_ROWS = 0.5;

/** Scores of the levels, and the edges between their cells. */
export interface NormalScores {
  readonly scores: Float64Array;
  readonly edges: Float64Array;
}

/**
 * Normal score of each level: E[x | x in the level's cell] for x ~ N(0, 1) whose cells have the levels' shares of the rows,
 * then moved and stretched, with the cells' edges, to the mean and the standard deviation of the ratings (docs/model.md 3.4). Ascending; a level
 * that is mostly given by habit, such as the top one, gets the room that it needs. Ratings count at the nearest level.
 */
export function normalScores(level: Int32Array, levels: Float64Array): NormalScores {
  const count = new Float64Array(levels.length).fill(PSEUDO_ROWS);
  for (const l of level) count[l]++;
  const total = count.reduce((sum, n) => sum + n, 0);
  const scores = new Float64Array(levels.length);
  const edges = new Float64Array(levels.length - 1);
  let below = 0;
  let density = 0;
  for (let l = 0; l < levels.length; l++) {
    below += count[l];
    if (l < edges.length) edges[l] = normalQuantile(below / total);
    const next = l < edges.length ? normalPdf(edges[l]) : 0;
    scores[l] = ((density - next) * total) / count[l];
    density = next;
  }
  const ofLevels = moments(levels, count, total);
  const ofScores = moments(scores, count, total);
  // one level has no spread, and keeps its place
  const stretch = ofScores.sd > 0 ? ofLevels.sd / ofScores.sd : 1;
  const moved = (x: number): number => ofLevels.mean + stretch * (x - ofScores.mean);
  return { scores: scores.map(moved), edges: edges.map(moved) };
}

/** The ratings with the levels' scores in their place. */
export function scoredRatings(
  ratings: Ratings,
  levels: Float64Array,
  scores: Float64Array,
): Ratings {
  return { ...ratings, value: ratings.value.map((rating) => scoreOf({ levels, scores }, rating)) };
}

function moments(
  values: Float64Array,
  count: Float64Array,
  total: number,
): { mean: number; sd: number } {
  const mean = values.reduce((sum, value, l) => sum + value * count[l], 0) / total;
  const squares = values.reduce((sum, value, l) => sum + (value - mean) ** 2 * count[l], 0);
  return { mean, sd: Math.sqrt(squares / total) };
}
