import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRatings } from '../testing/random-model-data.ts';
import { seededRandom } from './random.ts';
import { buildRatingMatrix } from './rating-matrix.ts';

describe('a rating matrix', () => {
  const ratings = {
    reader: Int32Array.of(2, 0, 2, 0),
    book: Int32Array.of(1, 1, 0, 2),
    value: Float64Array.of(5, 6, 7, 8),
  };

  it('sorts by reader and keeps the order of the rows within', () => {
    const matrix = buildRatingMatrix(ratings, 4, 3);
    expect(Array.from(matrix.readerStart)).toEqual([0, 2, 2, 4, 4]);
    expect(Array.from(matrix.book)).toEqual([1, 2, 1, 0]);
    expect(Array.from(matrix.value)).toEqual([6, 8, 5, 7]);
    expect(Array.from(matrix.bookStart)).toEqual([0, 1, 3, 4]);
    expect(Array.from(matrix.bookSlot)).toEqual([3, 0, 2, 1]);
  });

  it('takes the given rows only', () => {
    const matrix = buildRatingMatrix(ratings, 4, 3, Int32Array.of(3, 2));
    expect(matrix.size).toBe(2);
    expect(Array.from(matrix.reader)).toEqual([0, 2]);
    expect(Array.from(matrix.value)).toEqual([8, 7]);
  });

  it('has every rating once on either side', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.nat(12), fc.nat(9), (seed, n, m) => {
        const random = seededRandom(seed);
        const some = randomRatings(random, n, m, 0.4, () => random());
        const matrix = buildRatingMatrix(some, n, m);
        expect(matrix.size).toBe(some.value.length);
        for (let u = 0; u < n; u++) {
          for (let s = matrix.readerStart[u]; s < matrix.readerStart[u + 1]; s++) {
            expect(matrix.reader[s]).toBe(u);
          }
        }
        for (let i = 0; i < m; i++) {
          for (let s = matrix.bookStart[i]; s < matrix.bookStart[i + 1]; s++) {
            expect(matrix.book[matrix.bookSlot[s]]).toBe(i);
          }
        }
        expect(matrix.bookSlot.toSorted()).toEqual(
          Int32Array.from({ length: matrix.size }, (_, s) => s),
        );
        expect(matrix.value.toSorted()).toEqual(some.value.toSorted());
      }),
    );
  });
});
