import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPrecision } from '../testing/random-reader.ts';
import {
  cholesky,
  invertFromFactor,
  logDetOfFactor,
  packedSize,
  solveWithFactor,
} from './cholesky.ts';
import { normalDraw, seededRandom } from './random.ts';

const anyMatrix = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 1, max: 12 }))
  .map(([seed, n]) => {
    const random = seededRandom(seed);
    const matrix = randomPrecision(random, n);
    return { n, matrix, random };
  });

function factorOf(matrix: Float64Array, n: number): Float64Array {
  const factor = matrix.slice();
  // the upper triangle is not read
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) factor[a * n + b] = NaN;
  expect(cholesky(factor, n)).toBe(-1);
  return factor;
}

describe('the Cholesky factor', () => {
  it('times its transpose is the matrix', () => {
    fc.assert(
      fc.property(anyMatrix, ({ n, matrix }) => {
        const l = factorOf(matrix, n);
        for (let a = 0; a < n; a++) {
          for (let b = 0; b <= a; b++) {
            let sum = 0;
            for (let k = 0; k <= b; k++) sum += l[a * n + k] * l[b * n + k];
            expect(sum).toBeCloseTo(matrix[a * n + b], 10);
          }
        }
      }),
    );
  });

  it('gives an inverse that times the matrix is the identity', () => {
    fc.assert(
      fc.property(anyMatrix, ({ n, matrix }) => {
        const inverse = new Float64Array(n * n).fill(NaN);
        invertFromFactor(factorOf(matrix, n), n, inverse);
        for (let a = 0; a < n; a++) {
          for (let b = 0; b < n; b++) {
            let sum = 0;
            for (let k = 0; k < n; k++) sum += matrix[a * n + k] * inverse[k * n + b];
            expect(sum).toBeCloseTo(a === b ? 1 : 0, 8);
          }
        }
      }),
    );
  });

  it('solves systems', () => {
    fc.assert(
      fc.property(anyMatrix, ({ n, matrix, random }) => {
        const want = Float64Array.from({ length: n }, () => normalDraw(random));
        const x = want.map((_, a) =>
          want.reduce((sum, value, b) => sum + matrix[a * n + b] * value, 0),
        );
        solveWithFactor(factorOf(matrix, n), n, x);
        x.forEach((value, a) => {
          expect(value).toBeCloseTo(want[a], 8);
        });
      }),
    );
  });

  it('has the determinant of the matrix', () => {
    const l = factorOf(Float64Array.of(4, 2, 2, 3), 2);
    expect(logDetOfFactor(l, 2)).toBeCloseTo(Math.log(8), 12);
  });

  it.each([
    { name: 'not definite', matrix: [1, 2, 2, 1], want: 1 },
    { name: 'NaN', matrix: [1, 0, 0, NaN], want: 1 },
    { name: 'infinite', matrix: [Infinity, 0, 0, 1], want: 0 },
    { name: 'zero', matrix: [0, 0, 0, 0], want: 0 },
  ])('names the row that stops it: $name', ({ matrix, want }) => {
    expect(cholesky(Float64Array.from(matrix), 2)).toBe(want);
  });
});

it('counts the numbers of a packed triangle', () => {
  expect([1, 2, 3, 9].map(packedSize)).toEqual([1, 3, 6, 45]);
});
