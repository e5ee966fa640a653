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

const countBy = (ids: Int32Array, rows: Int32Array): number[] => {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(ids[row] ?? -1, (counts.get(ids[row] ?? -1) ?? 0) + 1);
  return [...counts.values()];
};

describe('trainingRows', () => {
  it('keeps every row by default', () => {
    const ratings = ratingsOf([[0, 0], [1, 0], [5, 4]]); // prettier-ignore
    expect([...trainingRows(ratings, READERS, BOOKS, { minReader: 0, minBook: 0 })]).toEqual([
      0, 1, 2,
    ]);
  });

  it('goes on until both limits hold', () => {
    // Reader 2 falls first, with it book 1 falls below two, and with that reader 1.
    const ratings = ratingsOf([[0, 0], [0, 2], [1, 0], [1, 1], [2, 1], [3, 0], [3, 2]]); // prettier-ignore
    const rows = trainingRows(ratings, READERS, BOOKS, { minReader: 2, minBook: 2 });
    expect([...rows]).toEqual([0, 1, 5, 6]);
  });

  it('gives the largest set in which both limits hold', () => {
    fc.assert(
      fc.property(pairs, fc.nat(3), fc.nat(3), (given, minReader, minBook) => {
        const ratings = ratingsOf(given);
        const rows = trainingRows(ratings, READERS, BOOKS, { minReader, minBook });
        expect(countBy(ratings.reader, rows).every((count) => count >= minReader)).toBe(true);
        expect(countBy(ratings.book, rows).every((count) => count >= minBook)).toBe(true);
        const looser = trainingRows(ratings, READERS, BOOKS, { minReader: minReader - 1, minBook });
        expect([...rows].every((row) => looser.includes(row))).toBe(true);
      }),
    );
  });
});
