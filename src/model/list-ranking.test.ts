import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomInput, randomModel } from '../testing/random-model.ts';
import { NO_DIRECTIONS } from './directions.ts';
import { FoldIn } from './fold-in.ts';
import { buildLabelSpace } from './label-space.ts';
import { ListRanking } from './list-ranking.ts';
import { seededRandom } from './random.ts';
import type { TrainedModel } from './trained-model.ts';

describe('the best books of a reader', () => {
  it('are those that scoring every book finds', () => {
    const anyCase = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 32 }),
      rank: fc.constantFrom(0, 3),
      // more than 64 are a large family
      authors: fc.constantFrom(9, 90),
      rated: fc.nat(25),
      unrated: fc.nat(60),
      count: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(anyCase, ({ seed, rank, authors, rated, unrated, count }) => {
        const random = seededRandom(seed);
        const model = randomModel(random, rank, 200, authors);
        const fold = new FoldIn(model);
        const ranking = new ListRanking(model);
        // two readers, one after the other
        for (const input of [
          randomInput(random, 200, rated, unrated),
          randomInput(random, 200, unrated, rated),
        ]) {
          fold.solve(input);
          const got = ranking.best(fold, input, count);
          const met = new Set([...input.ratedBook, ...input.unratedBook]);
          const score = (book: number) => fold.predict(book).mean;
          const want = Array.from(model.listed.keys())
            .filter((book) => model.listed[book] === 1 && !met.has(book))
            .map(score)
            .sort((a, b) => b - a)
            .slice(0, count);
          expect(got.length).toBe(want.length);
          expect(new Set(got).size).toBe(got.length);
          got.forEach((book, n) => {
            expect(model.listed[book]).toBe(1);
            expect(met.has(book)).toBe(false);
            expect(score(book)).toBeCloseTo(want[n], 8);
          });
        }
      }),
      { numRuns: 150 },
    );
  });

  /** Books of one bias each, without factors, all listed. */
  function biasModel(biases: readonly number[], author: readonly number[] = []): TrainedModel {
    const model = randomModel(seededRandom(1), 0, biases.length);
    const families = [
      {
        name: 'author',
        labels: Array.from({ length: 100 }, String),
        offsets: Int32Array.from({ length: biases.length + 1 }, (_, n) =>
          Math.min(n, author.length),
        ),
        indices: Int32Array.from(author),
      },
    ];
    return {
      ...model,
      books: {
        ...model.books,
        mean: Float64Array.from(biases),
        labels: buildLabelSpace(biases.length, families),
        effectVar: Float64Array.of(1),
        directions: NO_DIRECTIONS,
      },
      listed: new Uint8Array(biases.length).fill(1),
    };
  }

  function bestOf(
    model: TrainedModel,
    rated: ReadonlyArray<readonly [number, number]>,
    count: number,
  ) {
    const fold = new FoldIn(model);
    const ratedBook = Uint32Array.from(rated, ([book]) => book);
    const unratedBook = new Uint32Array();
    fold.solve({
      labels: new Uint32Array(),
      ratedBook,
      ratedValue: rated.map(([, value]) => value),
      unratedBook,
    });
    return Array.from(new ListRanking(model).best(fold, { ratedBook, unratedBook }, count));
  }

  it('come in the order of their index where they are equally good', () => {
    expect(bestOf(biasModel([1, 2, 1, 2, 1, 2]), [], 5)).toEqual([1, 3, 5, 0, 2]);
    // all by one author whom the reader likes, so that the label index offers them first
    const author = new Array<number>(6).fill(7);
    expect(bestOf(biasModel([1, 1, 1, 1, 1, 1], author), [[2, 10]], 4)).toEqual([0, 1, 3, 4]);
  });

  it('come in the order of their index where another author brought the later one first', () => {
    const model = biasModel([0, 0, 0, 0], [4, 5, 5, 4]);
    model.books.precision.fill(1);
    // authors 5 and 4 are liked alike, and 5 was met first
    const rated = [
      [2, 9],
      [3, 9],
    ] as const;
    expect(bestOf(model, rated, 2)).toEqual([0, 1]);
  });

  it('have the liked author first and the disliked one last', () => {
    const model = biasModel([0, 0, 0, 0, 0], [1, 1, 0, 2, 2]);
    const rated = [
      [0, 10],
      [3, 1],
    ] as const;
    expect(bestOf(model, rated, 3)).toEqual([1, 2, 4]);
  });

  it('are all there are where fewer are left than asked for', () => {
    expect(bestOf(biasModel([1, 2, 3]), [[2, 5]], 10)).toEqual([1, 0]);
  });
});
