import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomBooks, randomTask } from '../testing/random-reader.ts';
import { BookFit } from './book-effects.ts';
import { addEffectSums, emptyEffectSums } from './content-effects.ts';
import { NO_DIRECTIONS } from './directions.ts';
import { FewRatingsStep } from './few-ratings-step.ts';
import { buildLabelSpace } from './label-space.ts';
import { seededRandom } from './random.ts';
import { PsiMoments } from './book-uncertainty.ts';
import { expectedSquares, type ReaderPosterior } from './reader-posterior.ts';
import { ReaderStep } from './reader-step.ts';
import type { BookSide } from './reader-step.ts';

const BOOKS = 40;

/** Both steps on the same reader, after another one, so that no workspace is fresh. */
function solved(seed: number, rank: number, count: number, change = (books: BookSide) => books) {
  const random = seededRandom(seed);
  const books = change(randomBooks(random, rank, BOOKS));
  const other = randomTask(random, books, 1 + Math.floor(random() * 30));
  const task = randomTask(random, books, count);
  const [few, many] = [new FewRatingsStep(books), new ReaderStep(books)];
  for (const each of [other, task]) {
    few.solve(each);
    many.solve(each);
  }
  return { books, task, few, many };
}

type Solved = ReturnType<typeof solved>;

function forAnyReader(check: (found: Solved) => void): void {
  const counts = fc.integer({ min: 1, max: BOOKS - 1 });
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 4 }), counts, (seed, rank, count) => {
      check(solved(seed, rank, count));
    }),
    { numRuns: 100 },
  );
}

const squaresOf = (step: ReaderPosterior): number =>
  expectedSquares(step, new PsiMoments(step.books).take(step));

const distance = (a: number, b: number): number => Math.abs(a - b) / (1 + Math.abs(b));

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, length: number): void {
  expect(found.length).toBeGreaterThanOrEqual(length);
  for (let n = 0; n < length; n++) expect(distance(found[n], wanted[n])).toBeLessThan(1e-9);
}

describe('a reader seen from the ratings, against the step that solves for the unknowns', () => {
  it('has the same posterior of bias and factors', () => {
    forAnyReader(({ books, few, many }) => {
      const { dim } = books;
      expectClose(few.mean, many.mean, dim);
      for (let a = 0; a < dim; a++) {
        const row = many.cov.subarray(a * many.size);
        expectClose(few.cov.subarray(a * few.size), row, dim);
      }
    });
  });

  it('has the same fit of each rating, squares and determinant', () => {
    forAnyReader(({ books, task, few, many }) => {
      const count = task.to - task.from;
      expect(few.count).toBe(count);
      expectClose(few.book, many.book, count);
      expectClose(few.residual, many.residual, count);
      expectClose(few.fitMean, many.fitMean, count);
      expectClose(few.fitVar, many.fitVar, count);
      expectClose(few.fitCov, many.fitCov, count * books.dim);
      expectClose([squaresOf(few), few.logDet], [squaresOf(many), many.logDet], 2);
    });
  });

  it('has the same moments of the effects by family, and of the leanings', () => {
    forAnyReader(({ few, many }) => {
      const [found, wanted] = [emptyEffectSums(4), emptyEffectSums(4)];
      few.addEffectSums(found);
      addEffectSums(many, wanted);
      expectClose(found.met, wanted.met, 4);
      expectClose(found.squares, wanted.squares, 4);
      expectClose(found.variances, wanted.variances, 4);
    });
  });

  it('has the same means of books that were not rated, also from the means alone', () => {
    forAnyReader(({ task, few, many }) => {
      const fit = new BookFit(many);
      const rated = new Set(task.book.subarray(task.from, task.to));
      const rest = Array.from({ length: BOOKS }, (_, book) => book).filter((n) => !rated.has(n));
      const wanted = rest.map((book) => fit.meanOf(book));
      const found = rest.map((book) => few.meanOf(book));
      few.solveMeans(task);
      expectClose(found, wanted, rest.length);
      const again = rest.map((book) => few.meanOf(book));
      expectClose(again, wanted, rest.length);
    });
  });

  it.each([
    {
      name: 'labels',
      change: (books: BookSide) => ({ ...books, labels: buildLabelSpace(BOOKS, []) }),
    },
    { name: 'directions', change: (books: BookSide) => ({ ...books, directions: NO_DIRECTIONS }) },
  ])('needs no $name', ({ change }) => {
    const { few, many } = solved(7, 2, 12, change);
    expectClose(few.fitVar, many.fitVar, 12);
    expectClose([few.logDet], [many.logDet], 1);
  });

  it('throws where a matrix is not positive definite', () => {
    const { few, task } = solved(3, 1, 4);
    const broken = { ...task, priorPrecision: Float64Array.of(1, 0, 0, NaN) };
    expect(() => {
      few.solve(broken);
    }).toThrow(expect.objectContaining({ code: 'NUMERICAL' }));
  });
});
