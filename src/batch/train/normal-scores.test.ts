import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalScores, scoredRatings } from './normal-scores.ts';

const LEVELS = Float64Array.of(1, 2, 3, 5);
const someLevels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 200 });

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / values.length) };
}

describe('normal scores', () => {
  it('ascend with the levels, those never given too', () => {
    fc.assert(
      fc.property(someLevels, (levels) => {
        const { scores } = normalScores(Int32Array.from(levels), LEVELS);
        expect(scores.every(Number.isFinite)).toBe(true);
        for (let l = 1; l < scores.length; l++) expect(scores[l]).toBeGreaterThan(scores[l - 1]);
      }),
    );
  });

  it('have mean and deviation of the ratings', () => {
    const level = Int32Array.from({ length: 4000 }, (_, n) => (n % 10 < 6 ? 3 : n % 3));
    const { scores } = normalScores(level, LEVELS);
    const ofScores = moments(Array.from(level, (l) => scores[l]));
    const ofLevels = moments(Array.from(level, (l) => LEVELS[l]));
    expect(ofScores.mean).toBeCloseTo(ofLevels.mean, 2);
    expect(ofScores.sd).toBeCloseTo(ofLevels.sd, 2);
  });

  it('of two equally frequent levels lie as far apart as these', () => {
    const { scores } = normalScores(
      Int32Array.from({ length: 1000 }, (_, n) => n % 2),
      Float64Array.of(2, 6),
    );
    expect(scores[0]).toBeCloseTo(2, 10);
    expect(scores[1]).toBeCloseTo(6, 10);
  });

  it('keep the place of a single level', () => {
    expect(normalScores(new Int32Array(5), Float64Array.of(7))).toEqual({
      scores: Float64Array.of(7),
      edges: new Float64Array(0),
    });
  });

  it('stand for ratings, also for one between two levels', () => {
    const ratings = {
      reader: new Int32Array(3),
      book: new Int32Array(3),
      value: Float64Array.of(1, 4, 5),
    };
    const scores = Float64Array.of(0, 1, 2, 6);
    expect(scoredRatings(ratings, LEVELS, scores).value).toEqual(Float64Array.of(0, 4, 6));
  });
});
