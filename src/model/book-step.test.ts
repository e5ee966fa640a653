import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookCovariance, dot, gaussianOf } from '../testing/dense-reader.ts';
import { packed, randomBooks, randomPrecision } from '../testing/random-reader.ts';
import { BookStep, expectedSquare } from './book-step.ts';
import type { ReaderSide } from './book-step.ts';
import { normalDraw, seededRandom } from './random.ts';
import type { Random } from './random.ts';
import { buildRatingMatrix } from './rating-matrix.ts';

/** Joint posteriors N(mean, cov) of (a, p_u) for each slot of `readers` readers with one rating each. */
function randomReaders(random: Random, rank: number, readers: number) {
  const dim = rank + 1;
  const joint = Array.from({ length: readers }, () => randomPrecision(random, dim, 0.3));
  // b_u is the shift itself where there are no content effects
  const side: ReaderSide = {
    dim,
    mean: Float64Array.from({ length: readers * dim }, () => normalDraw(random)),
    cov: Float64Array.from(joint.flatMap((cov) => packed(cov, dim))),
    precision: Float64Array.from({ length: readers }, () => 0.3 + random()),
    shiftMean: new Float64Array(readers),
    shiftVar: Float64Array.from(joint, (cov) => cov[0]),
    shiftCov: Float64Array.from(joint.flatMap((cov) => Array.from(cov.subarray(1, dim)))),
  };
  for (let u = 0; u < readers; u++) side.shiftMean[u] = side.mean[u * dim];
  return { side, joint };
}

const anySeed = fc.integer({ min: 0, max: 2 ** 32 });
const anyRank = fc.integer({ min: 0, max: 4 });

describe('the book step', () => {
  it('equals the dense posterior with the moments of the readers', () => {
    fc.assert(
      fc.property(anySeed, anyRank, fc.integer({ min: 0, max: 6 }), (seed, rank, readers) => {
        const random = seededRandom(seed);
        const { side, joint } = randomReaders(random, rank, readers);
        const { dim } = side;
        const matrix = buildRatingMatrix(
          {
            reader: Int32Array.from({ length: readers }, (_, u) => u),
            book: new Int32Array(readers).fill(1),
            value: Float64Array.from({ length: readers }, () => 7 + normalDraw(random)),
          },
          readers,
          2,
        );
        const prior = {
          mean: Float64Array.from({ length: 2 * dim }, () => normalDraw(random)),
          at: dim,
          precision: randomPrecision(random, dim),
        };
        const line = (a: number) => Array.from(prior.precision.subarray(a * dim, (a + 1) * dim));
        const precision = Array.from({ length: dim }, (_, a) => line(a));
        const linear = precision.map((row) => dot(row, Array.from(prior.mean.subarray(dim))));
        for (let u = 0; u < readers; u++) {
          const tau = 0.8 * side.precision[u];
          const psi = [1, ...side.mean.subarray(u * dim + 1, (u + 1) * dim)];
          const rest = matrix.value[u] - 6.5 - side.shiftMean[u];
          for (let a = 0; a < dim; a++) {
            linear[a] += tau * (rest * psi[a] - (a > 0 ? joint[u][a] : 0));
            for (let b = 0; b < dim; b++) {
              const spread = a > 0 && b > 0 ? joint[u][a * dim + b] : 0;
              precision[a][b] += tau * (psi[a] * psi[b] + spread);
            }
          }
        }
        const want = gaussianOf(precision, linear);
        const step = new BookStep(side);
        step.solve(matrix, 1, 6.5, 0.8, prior);
        expect(step.logDet).toBeCloseTo(want.logDetPrecision, 8);
        for (let a = 0; a < dim; a++) {
          expect(step.mean[a]).toBeCloseTo(want.mean[a], 8);
          for (let b = 0; b < dim; b++) {
            expect(step.cov[a * dim + b]).toBeCloseTo(want.cov[a][b], 8);
          }
        }
      }),
    );
  });

  it('names the book whose precision is not positive definite', () => {
    const { side } = randomReaders(seededRandom(1), 1, 1);
    const matrix = buildRatingMatrix(
      { reader: Int32Array.of(0), book: Int32Array.of(4), value: Float64Array.of(NaN) },
      1,
      5,
    );
    const prior = { mean: new Float64Array(10), at: 8, precision: Float64Array.of(-9, 0, 0, 1) };
    expect(() => {
      new BookStep(side).solve(matrix, 4, 0, 1, prior);
    }).toThrow(
      expect.objectContaining({
        code: 'NUMERICAL',
        message: expect.stringContaining('book 4') as string,
      }),
    );
  });
});

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
  it('equals quadrature over reader and book', () => {
    fc.assert(
      fc.property(anySeed, fc.integer({ min: 0, max: 2 }), (seed, rank) => {
        const random = seededRandom(seed);
        const { side, joint } = randomReaders(random, rank, 2);
        const { dim } = side;
        const books = randomBooks(random, rank, 2);
        const row = (matrix: Float64Array, a: number) =>
          Array.from(matrix.subarray(a * dim, (a + 1) * dim));
        const want = expectation(
          row(side.mean, 1),
          Array.from({ length: dim }, (_, a) => row(joint[1], a)),
          ([a, ...p]) =>
            expectation(
              row(books.mean, 1),
              bookCovariance(books, 1),
              ([c, ...q]) => (1.7 - a - c - dot(p, q)) ** 2,
            ),
        );
        expect(expectedSquare(side, 1, 1, 1.7, books, 1)).toBeCloseTo(want, 8);
      }),
      { numRuns: 30 },
    );
  });
});
