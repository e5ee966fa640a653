import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPrecision } from '../../testing/random-reader.ts';
import { cholesky, invertFromFactor } from '../cholesky.ts';
import { seededRandom } from '../random.ts';
import { DenseSystem } from './dense-system.ts';

const anySizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
const distance = (a: number, b: number): number => Math.abs(a - b) / (1 + Math.abs(b));

describe('a dense system', () => {
  it('has the factor and the inverse that the equations give, whatever was in its room before', () => {
    const system = new DenseSystem();
    fc.assert(
      fc.property(fc.nat(), anySizes, (seed, sizes) => {
        const random = seededRandom(seed);
        for (const n of sizes) {
          const matrix = randomPrecision(random, n);
          const factor = matrix.slice();
          const inverse = new Float64Array(n * n);
          expect(cholesky(factor, n)).toBe(-1);
          invertFromFactor(factor, n, inverse);
          system.reserve(n);
          system.matrix.fill(NaN);
          system.inverse.fill(NaN);
          for (let a = 0; a < n; a++) {
            for (let b = 0; b <= a; b++) system.matrix[a * n + b] = matrix[a * n + b];
          }
          expect(system.factorize(n)).toBe(-1);
          system.invert(n);
          for (let a = 0; a < n; a++) {
            for (let b = 0; b < n; b++) {
              const at = a * n + b;
              if (b <= a) expect(distance(system.matrix[at], factor[at])).toBeLessThan(1e-12);
              expect(distance(system.inverse[at], inverse[at])).toBeLessThan(1e-12);
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    { name: 'not definite', matrix: [1, 2, 2, 1], want: 1 },
    { name: 'NaN', matrix: [1, 0, 0, NaN], want: 1 },
    { name: 'infinite', matrix: [Infinity, 0, 0, 1], want: 0 },
    { name: 'of one number, zero', matrix: [0], want: 0 },
  ])('names the row that stops it: $name', ({ matrix, want }) => {
    const system = new DenseSystem();
    const n = Math.sqrt(matrix.length);
    system.reserve(n);
    system.matrix.set(matrix);
    expect(system.factorize(n)).toBe(want);
  });
});
