import { describe, expect, it } from 'vitest';
import {
  levelProbabilities,
  plainLevelMap,
  plainScale,
  ratingQuantile,
  ratingSd,
  repairTable,
  withoutRepair,
} from '../../model/level-map.ts';
import type { LevelMap } from '../../model/level-map.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import type { UnseenRows } from './conformal.ts';
import { fitLevelMap } from './fit-level-map.ts';

const LEVELS = Float64Array.of(1, 2, 3, 4, 5);
const SCALE = plainScale(LEVELS);
/** Uneven: level 3 is rare, 4 is wide. */
const CUTS = [1.8, 2.9, 3.1, 4.8];

/**
 * Rows whose true spread is `inflation` times what the model says, with cuts of their own; `skew` makes the wide rows
 * worse than the narrow ones.
 */
function rowsOf(seed: number, count: number, inflation = 1.4, skew = 0): UnseenRows {
  const random = seededRandom(seed);
  const mean = Float64Array.from({ length: count }, () => 3.3 + normalDraw(random));
  const variance = Float64Array.from({ length: count }, () => 0.3 + random());
  const level = Int32Array.from(mean, (m, n) => {
    const wider = inflation * Math.exp(skew * (variance[n] - 0.8));
    const latent = m + Math.sqrt(wider * variance[n]) * normalDraw(random);
    return CUTS.filter((cut) => latent > cut).length;
  });
  // every reader and book alike: readers of 5 ratings, books of 20
  const readerRatings = new Int32Array(count).fill(5);
  return { level, mean, variance, readerRatings, bookRatings: readerRatings.map(() => 20) };
}

function logLikelihood(map: LevelMap, rows: UnseenRows): number {
  const prob = new Float64Array(LEVELS.length);
  let sum = 0;
  for (let n = 0; n < rows.level.length; n++) {
    levelProbabilities(map, rows.mean[n], rows.variance[n], prob, 0);
    sum += Math.log(prob[rows.level[n]]);
  }
  return sum / rows.level.length;
}

/** Share of the rows, from the given ones, that the central interval of mass `share` covers. */
function coverage(
  map: LevelMap,
  rows: UnseenRows,
  share: number,
  only: (sd: number, n: number) => boolean = () => true,
) {
  const prob = new Float64Array(LEVELS.length);
  let [covered, all] = [0, 0];
  for (let n = 0; n < rows.level.length; n++) {
    levelProbabilities(map, rows.mean[n], rows.variance[n], prob, 0);
    const sd = ratingSd(map, prob, 0);
    if (!only(sd, n)) continue;
    const known = { reader: rows.readerRatings[n], book: rows.bookRatings[n] };
    const table = repairTable(map, known, sd);
    const low = ratingQuantile(map, prob, 0, table, (1 - share) / 2);
    const high = ratingQuantile(map, prob, 0, table, (1 + share) / 2);
    const level = LEVELS[rows.level[n]];
    all++;
    if (low <= level && level <= high) covered++;
  }
  return { share: covered / all, rows: all };
}

describe('the map to the levels', () => {
  const rows = rowsOf(1, 6000);
  const fitted = fitLevelMap(SCALE, rows);

  it('finds planted cuts and spread', () => {
    CUTS.forEach((cut, c) => {
      expect(Math.abs(fitted.cuts[c] - cut)).toBeLessThan(0.06);
    });
    expect(Math.abs(fitted.spread - 1.4)).toBeLessThan(0.12);
  });

  it('finds a spread that changes with the mean', () => {
    const even = rowsOf(8, 12_000, 1);
    const random = seededRandom(9);
    const level = Int32Array.from(even.mean, (m, n) => {
      const sd = Math.sqrt(even.variance[n] * Math.exp(-0.4 * (m - 3)));
      const latent = m + sd * normalDraw(random);
      return CUTS.filter((cut) => latent > cut).length;
    });
    expect(Math.abs(fitLevelMap(SCALE, { ...even, level }).tilt + 0.4)).toBeLessThan(0.08);
    expect(Math.abs(fitted.tilt)).toBeLessThan(0.08);
  });

  it('takes for the expected rating what errs least', () => {
    const skewed = { ...rows, mean: rows.mean.map((m) => m + 1.5) };
    const { blend } = fitLevelMap(SCALE, skewed);
    expect(blend).toBe(1);
  });

  it('is likelier than the plain one, on rows that it has not seen', () => {
    const fresh = rowsOf(2, 4000);
    expect(logLikelihood(fitted, fresh)).toBeGreaterThan(
      logLikelihood(plainLevelMap(SCALE), fresh) + 0.05,
    );
  });

  it.each([0.5, 0.8, 0.9, 0.95])('covers %d of fresh rows', (share) => {
    const map = fitLevelMap(SCALE, rowsOf(3, 6000));
    const got = coverage(map, rowsOf(4, 20_000), share);
    // three standard errors of table and fresh rows; levels are discrete, which can only cover more
    const error =
      3 * Math.sqrt(share * (1 - share)) * (1 / Math.sqrt(6000) + 1 / Math.sqrt(got.rows));
    expect(got.share).toBeGreaterThan(share - error);
    expect(got.share).toBeLessThan(share + error + 0.02);
  });

  it('covers narrow and wide rows alike where the spread is wrong in different ways', () => {
    const map = fitLevelMap(SCALE, rowsOf(5, 8000, 1.2, 1.5));
    const fresh = rowsOf(6, 20_000, 1.2, 1.5);
    const { upTo } = map.repair;
    expect(upTo.length).toBeGreaterThanOrEqual(4);
    const [low, high] = [upTo[0], upTo[upTo.length - 2]];
    for (const only of [(sd: number) => sd <= low, (sd: number) => sd > high]) {
      expect(Math.abs(coverage(map, fresh, 0.8, only).share - 0.8)).toBeLessThan(0.05);
    }
  });

  it('covers rows of each activity alike where little is known of some and the spread is right for none', () => {
    const planted = (seed: number, count: number): UnseenRows => {
      const [much, little] = [rowsOf(seed, count, 0.9), rowsOf(seed + 1, count / 4, 4)];
      return {
        level: Int32Array.of(...much.level, ...little.level),
        mean: Float64Array.of(...much.mean, ...little.mean),
        variance: Float64Array.of(...much.variance, ...little.variance),
        readerRatings: Int32Array.of(...much.readerRatings, ...little.readerRatings),
        bookRatings: Int32Array.from({ length: 1.25 * count }, (_, n) => (n < count ? 20 : 0)),
      };
    };
    const fresh = planted(13, 16_000);
    const map = fitLevelMap(SCALE, planted(11, 8000));
    expect(map.repair.start).toHaveLength(3);
    for (const ratings of [0, 20]) {
      const only = (_sd: number, n: number): boolean => fresh.bookRatings[n] === ratings;
      expect(Math.abs(coverage(map, fresh, 0.9, only).share - 0.9)).toBeLessThan(0.025);
    }
    const cold = (_sd: number, n: number): boolean => fresh.bookRatings[n] === 0;
    expect(coverage(withoutRepair(map), fresh, 0.9, cold).share).toBeLessThan(0.85);
  });

  it('keeps the cuts in order where a level never occurs', () => {
    const some = rowsOf(7, 1000);
    const map = fitLevelMap(SCALE, { ...some, level: some.level.map((l) => (l === 2 ? 3 : l)) });
    expect(map.cuts).toEqual(map.cuts.toSorted());
    expect(new Set(map.cuts).size).toBe(4);
    expect(map.cuts.every(Number.isFinite)).toBe(true);
  });

  it('is the plain one from too few rows, and for a scale of one level', () => {
    expect(fitLevelMap(SCALE, rowsOf(1, 50))).toEqual(plainLevelMap(SCALE));
    const one = Float64Array.of(5);
    const same = { ...rows, level: new Int32Array(rows.level.length) };
    expect(fitLevelMap(plainScale(one), same)).toEqual(plainLevelMap(plainScale(one)));
  });
});
