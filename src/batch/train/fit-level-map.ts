import {
  centreOf,
  expectedRating,
  levelProbabilities,
  plainLevelMap,
} from '../../model/level-map.ts';
import type { LevelMap, Scale } from '../../model/level-map.ts';
import { normalCdf, normalPdf } from '../../model/special-functions.ts';
import { fitRepair, type UnseenRows } from './conformal.ts';

/** Fewest rows that a map is learned from. */
const MIN_ROWS = 200;
/** Most passes over cuts and spread ... */
const MAX_PASSES = 25;
/** ... which end when no cut moves by more than this share of the scale's span. */
const SETTLED = 1e-4;
/** Smallest probability of a level in the likelihood. */
const FLOOR = 1e-12;

/** Precision of the priors of tilt (at 0, a unit of the scores) and blend (at 1/2, the square of a rating). */
const TILT_PRIOR = 100;
const BLEND_PRIOR = 50;
/** Longest step of the logarithm of the spread, and of the tilt over the whole scale. */
const MAX_STEP = 0.3;

/** What is learned beside the cuts. */
interface Width {
  readonly spread: number;
  readonly tilt: number;
}

/**
 * Learns cuts, spread and tilt by maximum likelihood on unseen rows, with a weak pull to those of the plain map, then what the
 * expected rating is and the conformal tables on the same rows (docs/model.md 3.4). Too few rows leave the plain map.
 */
export function fitLevelMap(scale: Scale, rows: UnseenRows): LevelMap {
  const { levels } = scale;
  const plain = plainLevelMap(scale);
  if (rows.level.length < MIN_ROWS || levels.length < 2) return plain;
  const cuts = plain.cuts.slice();
  const settled = SETTLED * (levels[levels.length - 1] - levels[0]);
  let width: Width = { spread: 1, tilt: 0 };
  for (let pass = 0, moved = Infinity; pass < MAX_PASSES && moved > settled; pass++) {
    const before = cuts.slice();
    const sd = latentSds(plain, width, rows);
    for (let c = 0; c < cuts.length; c++) moveCut(c, cuts, plain.cuts, sd, rows);
    width = movedWidth(plain, width, cuts, sd, rows);
    moved = Math.max(...cuts.map((cut, c) => Math.abs(cut - before[c])));
  }
  const map = { ...plain, cuts, ...width };
  return { ...map, blend: bestBlend(map, rows), repair: fitRepair(map, rows) };
}

/** s of each row. */
function latentSds(plain: LevelMap, { spread, tilt }: Width, rows: UnseenRows): Float64Array {
  const centre = centreOf(plain);
  return rows.mean.map((m, n) =>
    Math.sqrt(spread * rows.variance[n] * Math.exp(tilt * (m - centre))),
  );
}

/** One Newton step of cut c; the log likelihood is concave in it. */
function moveCut(
  c: number,
  cuts: Float64Array,
  plain: Float64Array,
  sd: Float64Array,
  rows: UnseenRows,
): void {
  const gap = cuts.length > 1 ? Math.abs(plain[c === 0 ? 1 : c - 1] - plain[c]) : 1;
  let slope = (plain[c] - cuts[c]) / (gap * gap);
  let curvature = -1 / (gap * gap);
  for (let n = 0; n < rows.level.length; n++) {
    const above = rows.level[n] - c;
    if (above !== 0 && above !== 1) continue;
    const scale = 1 / sd[n];
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

/**
 * One step of ln spread and tilt towards the most likely ones, by gradient and the rows' squared gradients in the place of the
 * curvature, which are positive definite wherever the step starts.
 */
function movedWidth(
  plain: LevelMap,
  { spread, tilt }: Width,
  cuts: Float64Array,
  sd: Float64Array,
  rows: UnseenRows,
): Width {
  const centre = centreOf(plain);
  let [slope0, slope1] = [0, -TILT_PRIOR * tilt];
  let [square00, square01, square11] = [1, 0, TILT_PRIOR];
  for (let n = 0; n < rows.level.length; n++) {
    const lever = rows.mean[n] - centre;
    const slope = widthSlope(rows.level[n], cuts, rows.mean[n], 1 / sd[n]);
    slope0 += slope;
    slope1 += slope * lever;
    square00 += slope * slope;
    square01 += slope * slope * lever;
    square11 += slope * slope * lever * lever;
  }
  const determinant = square00 * square11 - square01 * square01;
  const span = plain.scores[plain.scores.length - 1] - plain.scores[0];
  const short = (step: number, most: number): number => Math.min(most, Math.max(-most, step));
  const step0 = short((square11 * slope0 - square01 * slope1) / determinant, MAX_STEP);
  const step1 = short((square00 * slope1 - square01 * slope0) / determinant, MAX_STEP / span);
  return { spread: spread * Math.exp(step0), tilt: tilt + step1 };
}

/** Derivative of ln P(level) by ln s^2. */
function widthSlope(level: number, cuts: Float64Array, mean: number, scale: number): number {
  let mass = 1;
  let turn = 0;
  if (level < cuts.length) {
    const z = (cuts[level] - mean) * scale;
    mass -= 1 - normalCdf(z);
    turn += z * normalPdf(z);
  }
  if (level > 0) {
    const z = (cuts[level - 1] - mean) * scale;
    mass -= normalCdf(z);
    turn -= z * normalPdf(z);
  }
  return -0.5 * (turn / Math.max(FLOOR, mass));
}

/** Share of the mean over the levels that makes the expected rating's squared error smallest, with a weak pull to one half. */
function bestBlend(map: LevelMap, rows: UnseenRows): number {
  const prob = new Float64Array(map.levels.length);
  const ofLevels = { ...map, blend: 1 };
  const ofLatent = { ...map, blend: 0 };
  let [num, den] = [BLEND_PRIOR / 2, BLEND_PRIOR];
  for (let n = 0; n < rows.level.length; n++) {
    levelProbabilities(map, rows.mean[n], rows.variance[n], prob, 0);
    const latent = expectedRating(ofLatent, prob, 0, rows.mean[n]);
    const apart = expectedRating(ofLevels, prob, 0, rows.mean[n]) - latent;
    num += apart * (map.levels[rows.level[n]] - latent);
    den += apart * apart;
  }
  return Math.min(1, Math.max(0, num / den));
}
