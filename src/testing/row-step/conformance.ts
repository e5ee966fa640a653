import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedSize } from '../../model/cholesky.ts';
import { noiseFactor } from '../../model/noise-factor.ts';
import { seededRandom } from '../../model/random.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';
import { expectedSquare, ReferenceRowStep } from '../../model/reference-row-step.ts';
import { ROW_SUMS } from '../../model/row-step.ts';
import type { RowNumbers, RowSide, RowStep } from '../../model/row-step.ts';
import { dot, gaussianOf } from '../dense-reader.ts';
import { copyOf, randomRows } from '../random-rows.ts';
import type { RandomRows } from '../random-rows.ts';

export interface RowStepImplementation {
  readonly name: string;
  /** Largest distance from the exact numbers, as a share of the larger of them and 1. */
  readonly tolerance: number;
  /** Steps for sides of the same ratings; those of the last call are used. */
  readonly make: (sides: readonly RowSide[], matrix: RatingMatrix) => RowStep[];
}

/** Runs a half-sweep on a copy of the side, in two chunks. */
function swept(original: RowSide, numbers: RowNumbers, make: (side: RowSide) => RowStep) {
  const side = copyOf(original);
  const step = make(side);
  const sums = new Float64Array(2);
  const [rows, partners] = [side.rows, side.partners].map(({ precision }) => precision.length);
  step.gather(0, partners >> 1);
  step.gather(partners >> 1, partners);
  step.solve(numbers, 0, rows >> 1, sums);
  step.solve(numbers, rows >> 1, rows, sums);
  return { side, sums };
}

/** Row n's posterior by Gauss and Jordan, straight from 3.1, and its expected squares. */
function densePosterior(side: RowSide, { tau, offset, priorPrecision }: RowNumbers, n: number) {
  const { dim, ratings, rows, partners, shift } = side;
  const line = (a: number) => Array.from(priorPrecision.subarray(a * dim, (a + 1) * dim));
  const precision = Array.from({ length: dim }, (_, a) => line(a));
  const m0 = Array.from(side.priorMean.subarray(n * dim, (n + 1) * dim));
  const linear = precision.map((row) => dot(row, m0));
  for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
    const slot = ratings.slot?.[k] ?? k;
    const u = ratings.partner[slot];
    const weight = tau * rows.precision[n] * partners.precision[u];
    const psi = [1, ...partners.mean.subarray(u * dim + 1, (u + 1) * dim)];
    const cov = (a: number, b: number) =>
      partners.cov[u * packedSize(dim) + packedSize(Math.max(a, b)) + Math.min(a, b)];
    const own = shift?.mean[slot] ?? partners.mean[u * dim];
    const rest = ratings.value[slot] - offset - own;
    const ties = shift?.cov.subarray(slot * (dim - 1)) ?? psi.slice(1).map((_, a) => cov(a + 1, 0));
    for (let a = 0; a < dim; a++) {
      const tie = a === 0 ? 0 : ties[a - 1];
      linear[a] += weight * (rest * psi[a] - tie);
      for (let b = 0; b < dim; b++) {
        precision[a][b] += weight * (psi[a] * psi[b] + Math.sign(a * b) * cov(a, b));
      }
    }
  }
  return gaussianOf(precision, linear);
}

const rowsOf = (side: RowSide): number[] =>
  Array.from(side.rows.precision.keys()).filter(
    (n) => side.ratings.start[n] < side.ratings.start[n + 1],
  );

const anyRows: fc.Arbitrary<RandomRows> = fc.record({
  rank: fc.integer({ min: 0, max: 5 }),
  readers: fc.integer({ min: 1, max: 9 }),
  books: fc.integer({ min: 1, max: 7 }),
  density: fc.double({ min: 0.1, max: 1, noNaN: true }),
  shifted: fc.boolean(),
  latent: fc.boolean(),
});

/** What every implementation of the row step does. */
export function describeRowStep({ name, tolerance, make }: RowStepImplementation): void {
  describe(`the row step: ${name}`, () => {
    const close = (got: number, want: number, what: string) => {
      const distance = Math.abs(got - want) / Math.max(1, Math.abs(want));
      expect(distance, `${what}: ${got} for ${want}`).toBeLessThan(tolerance);
    };

    it('equals the dense posterior, its determinant and the expected squares', () => {
      fc.assert(
        fc.property(fc.integer({ min: 0 }), anyRows, (seed, size) => {
          const { matrix, sides, numbers } = randomRows(seededRandom(seed), size);
          for (const original of [sides.readers, sides.books]) {
            const { dim, ratings } = original;
            const { side, sums } = swept(original, numbers, (own) => make([own], matrix)[0]);
            let [logDet, squares] = [0, 0];
            for (const n of rowsOf(side)) {
              const want = densePosterior(original, numbers, n);
              logDet += want.logDetPrecision;
              for (let a = 0, t = n * packedSize(dim); a < dim; a++) {
                close(side.rows.mean[n * dim + a], want.mean[a], `mean ${a} of ${side.name} ${n}`);
                for (let b = 0; b <= a; b++, t++) close(side.rows.cov[t], want.cov[a][b], 'cov');
              }
              let own = 0;
              for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
                const slot = ratings.slot?.[k] ?? k;
                const weight = side.partners.precision[ratings.partner[slot]];
                const latent = ratings.variance?.[slot] ?? 0;
                const square = expectedSquare(side, n, slot, ratings.value[slot] - numbers.offset);
                own += weight * (square + latent);
              }
              const count = ratings.start[n + 1] - ratings.start[n];
              const factor = noiseFactor(numbers.shape, count, numbers.tau * own);
              close(side.rows.precision[n], factor, 'noise factor');
              squares += factor * own;
            }
            close(sums[ROW_SUMS.logDet], logDet, 'ln det');
            close(sums[ROW_SUMS.squares], squares, 'squares');
          }
        }),
        { numRuns: 60 },
      );
    });

    it.each([4, 16, 17, 64])('equals the reference at rank %i', (rank) => {
      const readers = rank > 60 ? 12 : 30;
      const size = { rank, readers, books: 5, density: 0.9, shifted: rank === 4 };
      const { matrix, sides, numbers } = randomRows(seededRandom(rank), size);
      for (const original of [sides.readers, sides.books]) {
        const want = swept(original, numbers, (own) => new ReferenceRowStep(own));
        const got = swept(original, numbers, (own) => make([own], matrix)[0]);
        for (const name of ['mean', 'cov', 'precision'] as const) {
          const found = got.side.rows[name];
          const far = want.side.rows[name].map((x, at) => Math.abs(found[at] - x));
          expect(Math.max(...far), name).toBeLessThan(tolerance);
        }
        want.sums.forEach((x, at) => {
          close(got.sums[at], x, `sum ${at}`);
        });
      }
    });

    it('goes on with the other side without another look at what it has solved', () => {
      const size = { rank: 3, readers: 12, books: 9, density: 0.5, shifted: false };
      const { matrix, sides, numbers } = randomRows(seededRandom(7), size);
      const solved = (again: boolean): Float64Array => {
        const readers = copyOf(sides.readers);
        const books = { ...copyOf(sides.books), partners: readers.rows };
        const [first, second] = make([readers, books], matrix);
        first.gather(0, size.books);
        first.solve(numbers, 0, size.readers, new Float64Array(2));
        second.gather(0, again ? size.readers : 0);
        second.solve(numbers, 0, size.books, new Float64Array(2));
        return books.rows.mean;
      };
      expect(solved(false)).toEqual(solved(true));
    });

    it('gives a row the same bits whichever others are solved with it', () => {
      const size = { rank: 3, readers: 7, books: 6, density: 0.7, shifted: false };
      const { matrix, sides, numbers } = randomRows(seededRandom(11), size);
      const solved = (rowsAtOnce: number) => {
        const side = copyOf(sides.readers);
        const [step] = make([side], matrix);
        step.gather(0, size.books);
        for (let from = 0; from < size.readers; from += rowsAtOnce) {
          step.solve(numbers, from, Math.min(size.readers, from + rowsAtOnce), new Float64Array(2));
        }
        return side.rows;
      };
      const together = solved(size.readers);
      for (const rowsAtOnce of [1, 2, 3, 4, 5]) expect(solved(rowsAtOnce)).toEqual(together);
    });

    it('takes long rows whose partners differ in noise and size', () => {
      const size = { rank: 6, readers: 3000, books: 3, density: 0.7, shifted: false };
      const { matrix, sides, numbers } = randomRows(seededRandom(5), size);
      const { mean, cov, precision } = sides.books.partners;
      const { dim } = sides.books;
      for (let u = 0; u < precision.length; u++) {
        precision[u] = 0.05 * 400 ** ((u % 101) / 100);
        // a weak factor, and one that is nearly gone
        for (const [a, by] of [
          [2, 0.1],
          [5, 0.001],
        ]) {
          mean[u * dim + a] *= by;
          for (let b = 0; b < dim; b++) {
            const at = u * packedSize(dim) + packedSize(Math.max(a, b)) + Math.min(a, b);
            cov[at] *= a === b ? by * by : by;
          }
        }
      }
      const want = swept(sides.books, numbers, (own) => new ReferenceRowStep(own)).side.rows;
      const got = swept(sides.books, numbers, (own) => make([own], matrix)[0]).side.rows;
      want.mean.forEach((x, at) => {
        const variance =
          want.cov[Math.floor(at / dim) * packedSize(dim) + packedSize(at % dim) + (at % dim)];
        expect(Math.abs(got.mean[at] - x) / Math.sqrt(variance), `mean ${at}`).toBeLessThan(
          10 * tolerance,
        );
      });
      want.precision.forEach((x, at) => {
        close(got.precision[at], x, `noise factor ${at}`);
      });
    });

    it('leaves rows without ratings as they are', () => {
      const size = { rank: 2, readers: 9, books: 5, density: 0.1, shifted: false };
      const { matrix, sides, numbers } = randomRows(seededRandom(3), size);
      const { side } = swept(sides.readers, numbers, (own) => make([own], matrix)[0]);
      const rated = new Set(rowsOf(side));
      const { precision } = sides.readers.rows;
      const others = Array.from(precision.keys()).filter((n) => !rated.has(n));
      expect(others.length).toBeGreaterThan(0);
      for (const n of others) expect(side.rows.precision[n]).toBe(precision[n]);
    });

    it('names the row whose precision is not positive definite', () => {
      const size = { rank: 1, readers: 6, books: 6, density: 1, shifted: false };
      const { matrix, sides, numbers } = randomRows(seededRandom(1), size);
      const broken = copyOf(sides.books);
      broken.rows.precision[4] = -50;
      expect(() => swept(broken, numbers, (own) => make([own], matrix)[0])).toThrow(
        expect.objectContaining({
          code: 'NUMERICAL',
          message: expect.stringMatching(/of book 4 .* in row 0$/) as string,
        }),
      );
    });
  });
}
