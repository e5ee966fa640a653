import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTies, type Histories, popularityOf, tieFactors, type Ties } from './ties.ts';

const BOOKS = 12;
const ALL = new Uint8Array(BOOKS).fill(1);
const OPTIONS = { top: BOOKS, exponent: 0.4 };

function historiesOf(readers: ReadonlyArray<readonly number[]>): Histories {
  const start = new Int32Array(readers.length + 1);
  readers.forEach((books, u) => (start[u + 1] = start[u] + books.length));
  return { start, book: Int32Array.from(readers.flat()) };
}

const someReaders = fc.array(
  fc.uniqueArray(fc.nat({ max: BOOKS - 1 }), { minLength: 1, maxLength: 8 }),
  { minLength: 1, maxLength: 25 },
);

function strengthOf(ties: Ties, i: number, j: number): number {
  const at = ties.book.subarray(ties.start[i], ties.start[i + 1]).indexOf(j);
  return at < 0 ? 0 : ties.strength[ties.start[i] + at];
}

describe('ties', () => {
  it('are those of the formula, the same both ways', () => {
    fc.assert(
      fc.property(someReaders, (readers) => {
        const ties = buildTies(historiesOf(readers), ALL, OPTIONS);
        for (let i = 0; i < BOOKS; i++) {
          for (let j = 0; j < BOOKS; j++) {
            const common = readers.filter((books) => books.includes(i) && books.includes(j));
            const k = common.length;
            const sum = common.reduce((s, { length }) => s + 1 / Math.sqrt(length), 0);
            const want = i === j || k < 2 ? 0 : (sum * k) / (k + 4);
            expect(strengthOf(ties, i, j)).toBeCloseTo(want, 5);
            expect(strengthOf(ties, i, j)).toBe(strengthOf(ties, j, i));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the strongest ones, counted with the popularity of both books', () => {
    fc.assert(
      fc.property(someReaders, fc.constantFrom(0.1, 0.5, 0.9), (readers, exponent) => {
        const histories = historiesOf(readers);
        const factor = tieFactors(popularityOf(histories, BOOKS), exponent);
        const all = buildTies(histories, ALL, { top: BOOKS, exponent });
        const few = buildTies(histories, ALL, { top: 2, exponent });
        for (let i = 0; i < BOOKS; i++) {
          const row = (ties: Ties) =>
            Array.from(ties.book.subarray(ties.start[i], ties.start[i + 1]));
          const weighed = row(all).map((j) => strengthOf(all, i, j) * factor[j]);
          weighed.slice(1).forEach((s, n) => {
            expect(s).toBeLessThanOrEqual(weighed[n] * (1 + 1e-6));
          });
          expect(row(few)).toEqual(row(all).slice(0, 2));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('grow more than in proportion with the readers in common', () => {
    const tie = (readers: number): number =>
      strengthOf(buildTies(historiesOf(Array(readers).fill([0, 1])), ALL, OPTIONS), 0, 1);
    expect(tie(1)).toBe(0);
    expect(tie(4) / 4).toBeLessThan(tie(40) / 40);
    // Four common readers count half.
    expect(tie(4)).toBeCloseTo((4 / Math.SQRT2) * 0.5, 6);
  });

  it('lead to listed books only, and not through somebody who met more than a thousand', () => {
    const listed = ALL.slice();
    listed[1] = 0;
    const pair = historiesOf([
      [0, 1],
      [0, 1],
    ]);
    expect(strengthOf(buildTies(pair, listed, OPTIONS), 0, 1)).toBe(0);
    expect(strengthOf(buildTies(pair, listed, OPTIONS), 1, 0)).toBeGreaterThan(0);
    const dealer = Array.from({ length: 1001 }, (_, book) => book);
    const many = new Uint8Array(1001).fill(1);
    expect(buildTies(historiesOf([dealer, dealer]), many, OPTIONS).book.length).toBe(0);
  });
});
