import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibratedMass,
  chanceAtLeast,
  expectedRating,
  levelProbabilities,
  plainLevelMap,
  plainScale,
  probabilityAtLeast,
  ratingQuantile,
  ratingSd,
  repairTable,
  scoreOf,
} from './level-map.ts';
import type { LevelMap } from './level-map.ts';
import { seededRandom } from './random.ts';
import { normalCdf } from './special-functions.ts';

/** A map with uneven levels, cuts off the middle and two groups with random ascending tables. */
function randomMap(seed: number, levels: number): LevelMap {
  const random = seededRandom(seed);
  let level = 0;
  let cut = -0.5;
  const table = () => {
    const sorted = Float64Array.from({ length: 99 }, () => random()).sort();
    return [0, ...sorted, 1];
  };
  let score = 0;
  return {
    levels: Float64Array.from({ length: levels }, () => (level += 0.5 + random())),
    scores: Float64Array.from({ length: levels }, () => (score += 0.5 + random())),
    edges: null,
    cuts: Float64Array.from({ length: levels - 1 }, () => (cut += 0.2 + random())),
    spread: 0.5 + random(),
    tilt: 0.2 * random(),
    blend: random(),
    repair: {
      bands: Int32Array.of(0, 3),
      group: Int32Array.of(0, 0, 1, 1),
      start: Int32Array.of(0, 1, 3),
      upTo: Float64Array.of(Infinity, 1.5, Infinity),
      mass: Float64Array.from([...table(), ...table(), ...table()]),
    },
  };
}

const anyTable = fc.integer({ min: 0, max: 2 });

const anyMap = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 1, max: 11 }))
  .map(([seed, levels]) => randomMap(seed, levels));
const anyMean = fc.double({ min: -5, max: 15, noNaN: true });
const anySd = fc.double({ min: 0.1, max: 4, noNaN: true });

function probabilities(map: LevelMap, mean: number, sd: number): Float64Array {
  const out = new Float64Array(map.levels.length);
  levelProbabilities(map, mean, sd * sd, out, 0);
  return out;
}

describe('the score of a rating', () => {
  it('is that of a level, on the line between two, and goes on beyond the ends', () => {
    const map = plainLevelMap({
      levels: Float64Array.of(1, 2, 4),
      scores: Float64Array.of(0, 3, 4),
      edges: null,
    });
    const scores = [0.5, 1, 1.5, 2, 3, 4, 9].map((rating) => scoreOf(map, rating));
    expect(scores).toEqual([-1.5, 0, 1.5, 3, 3.5, 4, 6.5]);
  });
});

describe('the expected rating', () => {
  it('lies between the mean over the levels and the latent mean, within the scale', () => {
    fc.assert(
      fc.property(anyMap, anyMean, anySd, (map, mean, sd) => {
        const prob = probabilities(map, mean, sd);
        const { levels } = map;
        const ofLevels = prob.reduce((sum, p, l) => sum + p * levels[l], 0);
        const latent = Math.min(levels[levels.length - 1], Math.max(levels[0], mean));
        const [low, high] = [Math.min(ofLevels, latent), Math.max(ofLevels, latent)];
        const expected = expectedRating(map, prob, 0, mean);
        expect(expected).toBeGreaterThanOrEqual(low - 1e-9);
        expect(expected).toBeLessThanOrEqual(high + 1e-9);
        const squares = prob.reduce((sum, p, l) => sum + p * (levels[l] - ofLevels) ** 2, 0);
        expect(ratingSd(map, prob, 0)).toBeCloseTo(Math.sqrt(squares), 6);
      }),
    );
  });
});

describe('the levels of a rating', () => {
  it('have probabilities that sum to one', () => {
    fc.assert(
      fc.property(anyMap, anyMean, anySd, (map, mean, sd) => {
        const prob = probabilities(map, mean, sd);
        for (const p of prob) expect(p).toBeGreaterThanOrEqual(0);
        expect(prob.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      }),
    );
  });

  it('are the cells between the middles where nothing was learned', () => {
    const map = plainLevelMap(plainScale(Float64Array.of(1, 2, 4)));
    const prob = probabilities(map, 2, 1);
    expect(prob[0]).toBeCloseTo(normalCdf(-0.5), 14);
    expect(prob[1]).toBeCloseTo(normalCdf(1) - normalCdf(-0.5), 14);
    expect(prob[2]).toBeCloseTo(1 - normalCdf(1), 14);
    expect(probabilityAtLeast(map, prob, 0, 2)).toBeCloseTo(prob[1] + prob[2], 14);
    expect(probabilityAtLeast(map, prob, 0, 2.5)).toBeCloseTo(prob[2], 14);
    expect(probabilityAtLeast(map, prob, 0, 0)).toBeCloseTo(1, 14);
    expect(probabilityAtLeast(map, prob, 0, 5)).toBe(0);
    for (const t of [0, 2, 2.5, 5]) {
      const sum = probabilityAtLeast(map, prob, 0, t);
      expect(chanceAtLeast(map, 2, 1, t)).toBeCloseTo(sum, 14);
    }
  });

  it('write where they are told', () => {
    const out = new Float64Array(6).fill(-1);
    levelProbabilities(plainLevelMap(plainScale(Float64Array.of(1, 2))), 1.5, 1, out, 2);
    expect(Array.from(out)).toEqual([-1, -1, 0.5, 0.5, -1, -1]);
  });
});

describe('the quantile of a rating', () => {
  it('rises with the probability and stays within the scale', () => {
    fc.assert(
      fc.property(anyMap, anyMean, anySd, anyTable, (map, mean, sd, table) => {
        const prob = probabilities(map, mean, sd);
        let before = map.levels[0];
        for (let p = 0.005; p < 1; p += 0.005) {
          const quantile = ratingQuantile(map, prob, 0, table, p);
          expect(quantile).toBeGreaterThanOrEqual(before - 1e-12);
          before = quantile;
        }
        expect(before).toBeLessThanOrEqual(map.levels[map.levels.length - 1]);
      }),
    );
  });

  it('passes a level where half of its mass lies below', () => {
    const map = plainLevelMap(plainScale(Float64Array.of(1, 2, 3)));
    const prob = Float64Array.of(0.2, 0.5, 0.3);
    expect(ratingQuantile(map, prob, 0, 0, 0.05)).toBe(1);
    expect(ratingQuantile(map, prob, 0, 0, 0.45)).toBeCloseTo(2, 12);
    expect(ratingQuantile(map, prob, 0, 0, 0.275)).toBeCloseTo(1.5, 12);
    expect(ratingQuantile(map, prob, 0, 0, 0.99)).toBe(3);
  });

  it('is the only level of a scale of one', () => {
    const map = plainLevelMap(plainScale(Float64Array.of(4)));
    expect(Array.from(probabilities(map, 9, 2))).toEqual([1]);
    expect([0.01, 0.5, 0.99].map((p) => ratingQuantile(map, Float64Array.of(1), 0, 0, p))).toEqual([
      4, 4, 4,
    ]);
  });
});

describe('the calibrated mass', () => {
  it('rises with the share, from none to all', () => {
    fc.assert(
      fc.property(anyMap, anyTable, (map, table) => {
        let before = 0;
        for (let share = 0; share <= 1; share += 0.003) {
          const mass = calibratedMass(map, table, share);
          expect(mass).toBeGreaterThanOrEqual(before);
          before = mass;
        }
        expect(calibratedMass(map, table, 0)).toBe(0);
        expect(calibratedMass(map, table, 1)).toBe(1);
      }),
    );
  });

  it('is looked up by activity, then by spread, and between two points of a table', () => {
    const map: LevelMap = {
      ...plainLevelMap(plainScale(Float64Array.of(1, 2))),
      repair: {
        bands: Int32Array.of(0, 3),
        group: Int32Array.of(0, 1, 1, 1),
        start: Int32Array.of(0, 1, 3),
        upTo: Float64Array.of(Infinity, 1.5, Infinity),
        mass: Float64Array.of(0, 0.1, 1, 0, 0.4, 1, 0, 0.8, 1),
      },
    };
    const mass = (reader: number, book: number, sd: number, share: number) =>
      calibratedMass(map, repairTable(map, { reader, book }, sd), share);
    expect(mass(2, 2, 9, 0.5)).toBeCloseTo(0.1, 12);
    expect(mass(3, 0, 1.5, 0.5)).toBeCloseTo(0.4, 12);
    expect(mass(2, 99, 1.6, 0.5)).toBeCloseTo(0.8, 12);
    expect(mass(0, 3, 1, 0.75)).toBeCloseTo(0.7, 12);
  });
});
