import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainingRows } from './training-rows.ts';

const READERS = 6;
const BOOKS = 5;

const ratingsOf = (pairs: ReadonlyArray<readonly [number, number]>) => ({
  reader: Int32Array.from(pairs, ([reader]) => reader),
  book: Int32Array.from(pairs, ([, book]) => book),
  value: new Float64Array(pairs.length).fill(5),
});

const pairs = fc.uniqueArray(fc.tuple(fc.nat(READERS - 1), fc.nat(BOOKS - 1)), {
  selector: ([reader, book]) => reader * BOOKS + book,
});

const countOf = (ids: Int32Array, id: number): number => ids.filter((other) => other === id).length;

describe('trainingRows', () => {
  it('keeps every row by default', () => {
    const ratings = ratingsOf([[0, 0], [1, 0], [5, 4]]); // prettier-ignore
    expect([...trainingRows(ratings, READERS, BOOKS, { minReader: 0, minBook: 0 })]).toEqual([
      0, 1, 2,
    ]);
  });

  it('counts once, before any row is taken out', () => {
    // Without reader 2, book 1 would have one rating left and reader 1 too; both stay.
    const ratings = ratingsOf([[0, 0], [0, 2], [1, 0], [1, 1], [2, 1], [3, 0], [3, 2]]); // prettier-ignore
    const rows = trainingRows(ratings, READERS, BOOKS, { minReader: 2, minBook: 2 });
    expect([...rows]).toEqual([0, 1, 2, 3, 5, 6]);
  });

  it('keeps exactly the rows of readers and books with enough ratings (property)', () => {
    fc.assert(
      fc.property(pairs, fc.nat(3), fc.nat(3), (given, minReader, minBook) => {
        const { reader, book, value } = ratingsOf(given);
        const rows = trainingRows({ reader, book, value }, READERS, BOOKS, { minReader, minBook });
        const want = given.flatMap(([u, i], row) =>
          countOf(reader, u) >= minReader && countOf(book, i) >= minBook ? [row] : [],
        );
        expect([...rows]).toEqual(want);
      }),
    );
  });
});
