import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseOf } from '../testing/dense-reader.ts';
import { randomPrecision } from '../testing/random-reader.ts';
import { gammaKl, gammaMean, gammaMeanLn } from './gamma.ts';
import { seededRandom } from './random.ts';
import { wishart, wishartKl } from './wishart.ts';

const anyWishart = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 }), fc.double({ min: 0.1, max: 40, noNaN: true }))
  .map(([seed, above]) => ({ seed, above }));

function drawn(dim: number, { seed, above }: { seed: number; above: number }) {
  return wishart(dim, dim + above, randomPrecision(seededRandom(seed), dim));
}

describe('a Wishart distribution', () => {
  it('is a Gamma distribution in one dimension', () => {
    const q = wishart(1, 7, Float64Array.of(3));
    const p = wishart(1, 2, Float64Array.of(0.5));
    const gammaQ = { shape: 3.5, rate: 1.5 };
    expect(q.mean[0]).toBeCloseTo(gammaMean(gammaQ), 12);
    expect(q.meanLogDet).toBeCloseTo(gammaMeanLn(gammaQ), 12);
    expect(wishartKl(q, p)).toBeCloseTo(gammaKl(gammaQ, { shape: 1, rate: 0.25 }), 12);
  });

  it('has the mean dof times scale and E ln det below ln det of the mean', () => {
    fc.assert(
      fc.property(anyWishart, fc.integer({ min: 1, max: 5 }), (parameters, dim) => {
        const q = drawn(dim, parameters);
        const rows = Array.from({ length: dim }, (_, a) =>
          Array.from(q.inverseScale.subarray(a * dim, (a + 1) * dim)),
        );
        const { inverse, logDet } = inverseOf(rows);
        inverse.flat().forEach((scale, at) => {
          expect(q.mean[at]).toBeCloseTo(q.dof * scale, 6);
        });
        expect(q.logDetInverseScale).toBeCloseTo(logDet, 8);
        expect(q.meanLogDet).toBeLessThan(dim * Math.log(q.dof) - logDet);
      }),
    );
  });

  it('diverges from itself by nothing and from others by more', () => {
    fc.assert(
      fc.property(anyWishart, anyWishart, fc.integer({ min: 1, max: 5 }), (a, b, dim) => {
        const [q, p] = [drawn(dim, a), drawn(dim, b)];
        expect(Math.abs(wishartKl(q, q))).toBeLessThan(1e-8);
        if (a.seed !== b.seed) expect(wishartKl(q, p)).toBeGreaterThan(0);
      }),
    );
  });

  it('refuses a scale that is not positive definite', () => {
    expect(() => wishart(2, 3, Float64Array.of(1, 2, 2, 1))).toThrow(
      expect.objectContaining({
        code: 'NUMERICAL',
        message: expect.stringContaining('row 1') as string,
      }),
    );
  });
});
