import { levelProbabilities, plainLevelMap } from '../../model/level-map.ts';
import type { LevelMap } from '../../model/level-map.ts';
import { normalCdf, normalPdf } from '../../model/special-functions.ts';

/** Predictions of rows that the model has not seen, as columns. */
export interface UnseenRows {
  /** Index of the observed level. */
  readonly level: Int32Array;
  /** Latent mean and variance. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Groups of equal size by latent spread, each with a conformal table of its own ... */
const GROUPS = 8;
/** ... from the rows within this rank distance of its middle, so that neighbours share rows ... */
const WINDOW = 0.15;
/** ... unless a group would have fewer rows than this. */
const MIN_GROUP_ROWS = 200;
/** Points of a group's conformal table: one for each percent. */
const POINTS = 101;
/** Most passes over cuts and spread ... */
const MAX_PASSES = 25;
/** ... which end when no cut moves by more than this share of the scale's span. */
const SETTLED = 1e-4;
/** Smallest probability of a level in the likelihood. */
const FLOOR = 1e-12;

/**
 * Learns cuts and spread by maximum likelihood on unseen rows, with a weak pull to the middle between levels, then
 * the conformal tables on the same rows (docs/model.md). Too few rows leave the plain map.
 */
export function fitLevelMap(levels: Float64Array, rows: UnseenRows): LevelMap {
  const plain = plainLevelMap(levels);
  if (rows.level.length < MIN_GROUP_ROWS || levels.length < 2) return plain;
  const cuts = plain.cuts.slice();
  const settled = SETTLED * (levels[levels.length - 1] - levels[0]);
  let spread = 1;
  for (let pass = 0, moved = Infinity; pass < MAX_PASSES && moved > settled; pass++) {
    const before = cuts.slice();
    for (let c = 0; c < cuts.length; c++) moveCut(c, cuts, plain.cuts, spread, rows);
    spread = bestSpread(cuts, spread, rows);
    moved = Math.max(...cuts.map((cut, c) => Math.abs(cut - before[c])));
  }
  return conformal({ ...plain, cuts, spread }, rows);
}

/** One Newton step of cut c; the log likelihood is concave in it. */
function moveCut(
  c: number,
  cuts: Float64Array,
  plain: Float64Array,
  spread: number,
  rows: UnseenRows,
): void {
  const gap = cuts.length > 1 ? Math.abs(plain[c === 0 ? 1 : c - 1] - plain[c]) : 1;
  let slope = (plain[c] - cuts[c]) / (gap * gap);
  let curvature = -1 / (gap * gap);
  for (let n = 0; n < rows.level.length; n++) {
    const above = rows.level[n] - c;
    if (above !== 0 && above !== 1) continue;
    const scale = 1 / Math.sqrt(spread * rows.variance[n]);
    const z = (cuts[c] - rows.mean[n]) * scale;
    const sign = above === 0 ? 1 : -1;
    const other = otherEdge(c - sign, cuts, rows.mean[n], scale);
    const mass = Math.max(FLOOR, sign * (normalCdf(z) - other));
    const density = (normalPdf(z) * scale) / mass;
    slope += sign * density;
    curvature -= sign * z * scale * density + density * density;
  }
  const next = cuts[c] - slope / curvature;
  const low = c === 0 ? -Infinity : cuts[c - 1];
  const high = c === cuts.length - 1 ? Infinity : cuts[c + 1];
  // a step past a neighbour stops half-way to it, which keeps the order
  if (next <= low) cuts[c] = (cuts[c] + low) / 2;
  else if (next >= high) cuts[c] = (cuts[c] + high) / 2;
  else cuts[c] = next;
}

function otherEdge(c: number, cuts: Float64Array, mean: number, scale: number): number {
  if (c < 0) return 0;
  return c >= cuts.length ? 1 : normalCdf((cuts[c] - mean) * scale);
}

/** Golden section in ln spread around the present value. */
function bestSpread(cuts: Float64Array, start: number, rows: UnseenRows): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(start) - 0.2;
  let high = Math.log(start) + 0.2;
  let a = high - golden * (high - low);
  let b = low + golden * (high - low);
  let valueA = logLikelihood(cuts, Math.exp(a), rows);
  let valueB = logLikelihood(cuts, Math.exp(b), rows);
  for (let i = 0; i < 8; i++) {
    if (valueA > valueB) {
      [high, b, valueB] = [b, a, valueA];
      a = high - golden * (high - low);
      valueA = logLikelihood(cuts, Math.exp(a), rows);
    } else {
      [low, a, valueA] = [a, b, valueB];
      b = low + golden * (high - low);
      valueB = logLikelihood(cuts, Math.exp(b), rows);
    }
  }
  return Math.exp((low + high) / 2);
}

function logLikelihood(cuts: Float64Array, spread: number, rows: UnseenRows): number {
  let sum = 0;
  for (let n = 0; n < rows.level.length; n++) {
    const scale = 1 / Math.sqrt(spread * rows.variance[n]);
    const upper = otherEdge(rows.level[n], cuts, rows.mean[n], scale);
    const lower = otherEdge(rows.level[n] - 1, cuts, rows.mean[n], scale);
    sum += Math.log(Math.max(FLOOR, upper - lower));
  }
  return sum;
}

/**
 * Split conformal: the score of a row is the nominal mass of the smallest central interval that covers it, and the
 * table of a group holds the scores' quantiles, with the finite-sample correction (n + 1).
 */
function conformal(map: LevelMap, rows: UnseenRows): LevelMap {
  const count = rows.level.length;
  const sd = rows.variance.map(Math.sqrt);
  const groups = Math.max(1, Math.min(GROUPS, Math.floor(count / MIN_GROUP_ROWS)));
  const sorted = sd.slice().sort();
  const groupEdges = new Float64Array(groups - 1);
  for (let g = 1; g < groups; g++) groupEdges[g - 1] = sorted[Math.floor((g * count) / groups)];
  const scores = conformityScores(map, rows);
  const order = Array.from(sd.keys()).sort((a, b) => sd[a] - sd[b] || a - b);
  const mass = new Float64Array(groups * POINTS);
  for (let g = 0; g < groups; g++) {
    const middle = (g + 0.5) / groups;
    const from = Math.floor(Math.max(0, middle - WINDOW) * count);
    const to = Math.ceil(Math.min(1, middle + WINDOW) * count);
    const near = Float64Array.from(order.slice(from, to), (n) => scores[n]).sort();
    for (let c = 0; c < POINTS; c++) {
      const rank = Math.ceil((near.length + 1) * (c / (POINTS - 1)));
      mass[g * POINTS + c] = rank === 0 ? 0 : rank > near.length ? 1 : near[rank - 1];
    }
  }
  return { ...map, groupEdges, mass };
}

/** By row: nominal mass of the smallest central interval that covers it. */
function conformityScores(map: LevelMap, rows: UnseenRows): Float64Array {
  const prob = new Float64Array(map.levels.length);
  return Float64Array.from(rows.level, (level, n) => {
    levelProbabilities(map, rows.mean[n], rows.variance[n], prob, 0);
    let below = 0;
    for (let l = 0; l < level; l++) below += prob[l];
    return Math.abs(2 * (below + prob[level] / 2) - 1);
  });
}
