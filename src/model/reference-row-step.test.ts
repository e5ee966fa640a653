import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot } from '../testing/dense-reader.ts';
import { packed, randomPrecision } from '../testing/random-reader.ts';
import { normalDraw, seededRandom } from './random.ts';
import { expectedSquare } from './reference-row-step.ts';
import type { RowSide } from './row-step.ts';

/** Three points and weights that integrate polynomials up to degree five under N(0, 1). */
const POINTS = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
] as const;

/** E[g(x)] for x ~ N(mean, cov) of a polynomial g, by quadrature along the columns of a Cholesky factor. */
function expectation(
  mean: readonly number[],
  cov: ReadonlyArray<readonly number[]>,
  g: (x: readonly number[]) => number,
): number {
  const size = mean.length;
  const root = cov.map((row) => row.map(() => 0));
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      const rest = cov[a][b] - dot(root[a].slice(0, b), root[b].slice(0, b));
      root[a][b] = a === b ? Math.sqrt(rest) : rest / root[b][b];
    }
  }
  const visit = (z: readonly number[], weight: number): number => {
    if (z.length < size) {
      return POINTS.reduce((sum, [point, w]) => sum + visit([...z, point], weight * w), 0);
    }
    return weight * g(mean.map((m, a) => m + dot(root[a], z)));
  };
  return visit([], 1);
}

describe('the expected square of a rating', () => {
  it.each([true, false])('equals quadrature over reader and book, with a shift: %s', (shifted) => {
    const any = [fc.integer({ min: 0 }), fc.integer({ min: 0, max: 2 })] as const;
    fc.assert(
      fc.property(...any, (seed, rank) => {
        const random = seededRandom(seed);
        const dim = rank + 1;
        const drawn = () => Float64Array.from({ length: dim }, () => normalDraw(random));
        const [reader, book] = [0, 1].map(() => ({
          mean: drawn(),
          cov: randomPrecision(random, dim, 0.3),
        }));
        const [partners, rows] = [reader, book].map(({ mean, cov }) => ({
          mean: mean.slice(),
          cov: Float64Array.from(packed(cov, dim)),
          precision: Float64Array.of(1),
        }));
        const shift = {
          mean: reader.mean.slice(0, 1),
          variance: reader.cov.slice(0, 1),
          cov: reader.cov.slice(1, dim),
        };
        // the shift alone must say what a is
        if (shifted) for (let a = 0, t = 0; a < dim; t += ++a) partners.cov[t] = NaN;
        if (shifted) partners.mean[0] = NaN;
        const side: RowSide = {
          name: 'book',
          dim,
          ratings: {
            start: Int32Array.of(0, 1),
            slot: null,
            partner: Int32Array.of(0),
            value: Float64Array.of(1.7),
            variance: null,
          },
          rows,
          partners,
          shift: shifted ? shift : null,
          priorMean: new Float64Array(dim),
        };
        const lines = (cov: Float64Array) =>
          Array.from({ length: dim }, (_, a) => Array.from(cov.subarray(a * dim, (a + 1) * dim)));
        const want = expectation(Array.from(reader.mean), lines(reader.cov), ([a, ...p]) =>
          expectation(
            Array.from(book.mean),
            lines(book.cov),
            ([c, ...q]) => (1.7 - a - c - dot(p, q)) ** 2,
          ),
        );
        expect(expectedSquare(side, 0, 0, 1.7)).toBeCloseTo(want, 8);
      }),
      { numRuns: 30 },
    );
  });
});
