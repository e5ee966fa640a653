import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../runtime/errors.ts';
import { coreRows } from './core-rows.ts';

const SIZES = { readers: 9, books: 8 };

type Pair = readonly [reader: number, book: number];

const ratingsOf = (pairs: readonly Pair[]) => ({
  reader: Int32Array.from(pairs, ([reader]) => reader),
  book: Int32Array.from(pairs, ([, book]) => book),
  value: new Float64Array(pairs.length).fill(5),
});

const pairs = fc.uniqueArray(fc.tuple(fc.nat(SIZES.readers - 1), fc.nat(SIZES.books - 1)), {
  selector: ([reader, book]) => reader * SIZES.books + book,
  maxLength: SIZES.readers * SIZES.books,
});

/** Takes out one rating at a time, the last one that may go, until none may. */
function oneByOne(given: readonly Pair[], core: number): Pair[] {
  const left = [...given];
  for (;;) {
    const tooFew = (side: 0 | 1, id: number): boolean =>
      left.filter((pair) => pair[side] === id).length < core;
    const out = left.findLastIndex(([reader, book]) => tooFew(0, reader) || tooFew(1, book));
    if (out < 0) return left;
    left.splice(out, 1);
  }
}

describe('coreRows', () => {
  it('repeats until all that are left have enough', () => {
    // Reader 2 goes first, then book 2 has one rating, then reader 1 has one, and the square stays.
    const given: Pair[] = [[0, 0], [0, 1], [3, 0], [3, 1], [1, 0], [1, 2], [2, 2]]; // prettier-ignore
    const rows = coreRows(ratingsOf(given), Int32Array.of(0, 1, 2, 3, 4, 5, 6), SIZES, 2);
    expect([...rows]).toEqual([0, 1, 2, 3]);
  });

  it('counts the given rows alone', () => {
    const ratings = ratingsOf([[0, 0], [0, 1], [1, 0], [1, 1]]); // prettier-ignore
    expect(() => coreRows(ratings, Int32Array.of(0, 1, 2), SIZES, 2)).toThrow(AppError);
    expect([...coreRows(ratings, Int32Array.of(0, 1, 2), SIZES, 1)]).toEqual([0, 1, 2]);
    expect([...coreRows(ratings, new Int32Array(), SIZES, 2)]).toEqual([]);
  });

  it('says what was left before the last step when nothing is left after it', () => {
    const chain: Pair[] = [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2], [2, 3]]; // prettier-ignore
    expect(() => coreRows(ratingsOf(chain), Int32Array.from(chain.keys()), SIZES, 2)).toThrow(
      expect.objectContaining({
        code: 'DATA_EMPTY',
        message:
          '--core 2 leaves nothing: before its last step there were 2 ratings by 1 readers of 2 books',
      }) as AppError,
    );
  });

  it('is what taking out one rating at a time leaves, in the order of the rows (property)', () => {
    fc.assert(
      fc.property(pairs, fc.nat(4), (given, core) => {
        const want = oneByOne(given, core);
        const got = (): Pair[] =>
          Array.from(
            coreRows(ratingsOf(given), Int32Array.from(given.keys()), SIZES, core),
            (row) => given[row] ?? [-1, -1],
          );
        if (want.length === 0 && given.length > 0) expect(got).toThrow(`--core ${core} leaves`);
        else expect(got()).toEqual(want);
      }),
      { numRuns: 500 },
    );
  });
});
