import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { functionalOf, gaussianOf } from '../testing/dense-reader.ts';
import { randomInput, randomModel } from '../testing/random-model.ts';
import { ratingCountLabel, unratedShareLabel } from './activity-labels.ts';
import { along } from './directions.ts';
import { FoldIn } from './fold-in.ts';
import { expectedInverse } from './noise-factor.ts';
import { seededRandom } from './random.ts';
import type { ReaderInput } from './recommender.ts';
import type { RatingModel, TrainedModel } from './trained-model.ts';

const BOOKS = 60;
const NOTHING: ReaderInput = {
  labels: new Uint32Array(),
  ratedBook: new Uint32Array(),
  ratedValue: [],
  unratedBook: new Uint32Array(),
};

/** Prior mean of a reader with the given labels, each with weight 1. */
function priorMean({ readerPrior, dim }: TrainedModel, labels: readonly number[]): number[] {
  return Array.from(readerPrior.intercept, (start, d) =>
    labels.reduce((sum, g) => sum + readerPrior.effect[g * dim + d], start),
  );
}

describe('a reader without ratings', () => {
  // labels 7 .. 12 are numbers of ratings; 7 is none
  it.each([
    { name: 'no labels', labels: [], want: [7] },
    { name: 'a country and an age', labels: [1, 6], want: [1, 6, 7] },
  ])('has the prior of the labels: $name', ({ labels, want }) => {
    const model = randomModel(seededRandom(4), 2, BOOKS);
    const fold = new FoldIn(model);
    fold.solve({ ...NOTHING, labels: Uint32Array.from(labels) });
    const { dim, books, readerPrior, offset } = model;
    const line = (a: number) => Array.from(readerPrior.precision.subarray(a * dim, (a + 1) * dim));
    const prior = gaussianOf(
      Array.from({ length: dim }, (_, a) => line(a)),
      new Array(dim).fill(0),
    );
    const mean = priorMean(model, want);
    for (const book of [0, 17, BOOKS - 1]) {
      const q = Array.from(books.mean.subarray(book * dim, (book + 1) * dim));
      const row = [1, ...q.slice(1)];
      let effects = 0;
      for (let e = books.labels.start[book]; e < books.labels.start[book + 1]; e++) {
        effects +=
          books.labels.weight[e] ** 2 *
          books.effectVar[books.labels.familyOf[books.labels.label[e]]];
      }
      effects += fold.step.leaningVar * along(books.directions, book, book);
      const got = fold.predict(book);
      expect(got.mean).toBeCloseTo(
        offset + q[0] + row.reduce((sum, x, a) => sum + x * mean[a], 0),
        10,
      );
      expect(got.varReader).toBeCloseTo(functionalOf(prior, row).variance + effects, 10);
      expect(got.varNoise).toBeCloseTo(
        (expectedInverse(model.readerShape, 0, 1) / model.tau) * model.bookNoise[book],
        10,
      );
    }
  });

  it('shares the weight between several labels of a family', () => {
    const model = randomModel(seededRandom(4), 1, BOOKS);
    const fold = new FoldIn(model);
    fold.solve({ ...NOTHING, labels: Uint32Array.of(0, 2) });
    const { effect, intercept } = model.readerPrior;
    const want = intercept[0] + (effect[0] + effect[4]) / Math.SQRT2 + effect[14];
    expect(fold.step.mean[0]).toBeCloseTo(want, 10);
  });
});

describe('fold-in', () => {
  it('makes the activity labels from the ratings themselves', () => {
    const model = randomModel(seededRandom(4), 1, BOOKS);
    const fold = new FoldIn(model);
    const input = randomInput(seededRandom(2), BOOKS, 2, 0);
    // two ratings: label 10 of the family at 7 is half octave 3
    expect(ratingCountLabel(2)).toBe('3');
    const plain = new FoldIn({
      ...model,
      readerPrior: {
        ...model.readerPrior,
        families: [{ name: 'other', labels: Array.from({ length: 13 }, String) }],
      },
    });
    fold.solve(input);
    plain.solve({ ...input, labels: Uint32Array.of(9) });
    expect(Array.from(fold.step.mean.subarray(0, 2))).toEqual(
      Array.from(plain.step.mean.subarray(0, 2)),
    );
  });

  it('is surer of the mean of every book after more ratings, at equal noise', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.constantFrom(0, 3), (seed, rank) => {
        const random = seededRandom(seed);
        // a large shape holds the reader's noise factor at one
        const model = { ...randomModel(random, rank, BOOKS), readerShape: 1e9 };
        const fold = new FoldIn(model);
        const input = randomInput(random, BOOKS, 20, 0);
        const rated = new Set(input.ratedBook);
        let before: number[] | null = null;
        for (const count of [0, 1, 5, 20]) {
          fold.solve({
            ...input,
            ratedBook: input.ratedBook.slice(0, count),
            ratedValue: input.ratedValue,
          });
          const spread = Array.from({ length: BOOKS }, (_, book) =>
            rated.has(book) ? 0 : fold.predict(book).varReader,
          );
          spread.forEach((variance, book) => {
            if (before !== null) expect(variance).toBeLessThanOrEqual(before[book] + 1e-9);
          });
          before = spread;
        }
      }),
      { numRuns: 30 },
    );
  });

  it('forgets the reader before', () => {
    const random = seededRandom(8);
    const model = randomModel(random, 3, BOOKS);
    const [first, second] = [randomInput(random, BOOKS, 30, 3), randomInput(random, BOOKS, 4, 0)];
    const [used, fresh] = [new FoldIn(model), new FoldIn(model)];
    used.solve(first);
    used.solve(second);
    fresh.solve(second);
    const met = new Set(second.ratedBook);
    for (let book = 0; book < BOOKS; book++) {
      if (!met.has(book)) expect(used.predict(book)).toEqual(fresh.predict(book));
    }
  });

  it('gives wider noise to a reader whose ratings are erratic', () => {
    const model = randomModel(seededRandom(8), 0, BOOKS);
    const fold = new FoldIn(model);
    const noiseAfter = (value: (n: number) => number) => {
      const ratedBook = Uint32Array.from({ length: 20 }, (_, n) => n);
      fold.solve({ ...NOTHING, ratedBook, ratedValue: Float64Array.from(ratedBook, value) });
      return fold.noise;
    };
    expect(noiseAfter((n) => (n % 2 === 0 ? 1 : 10))).toBeGreaterThan(2 * noiseAfter(() => 7));
  });
});

describe('activity labels', () => {
  it.each([
    { count: 0, want: '0' },
    { count: 1, want: '2' },
    { count: 3, want: '4' },
    { count: 1000, want: '20' },
  ])('of $count ratings is $want', ({ count, want }) => {
    expect(ratingCountLabel(count)).toBe(want);
  });

  it.each([
    { unrated: 0, rated: 9, want: 'none' },
    { unrated: 5, rated: 4, want: '5' },
    { unrated: 99, rated: 0, want: '10' },
  ])('of $unrated unrated beside $rated rated is $want', ({ unrated, rated, want }) => {
    expect(unratedShareLabel(unrated, rated)).toBe(want);
  });
});

describe('shares of the ratings', () => {
  it('are linear in the ratings and add up to the prediction (property)', () => {
    const task = fc.record({
      seed: fc.nat(),
      rank: fc.integer({ min: 0, max: 3 }),
      rated: fc.integer({ min: 1, max: 25 }),
    });
    fc.assert(
      fc.property(task, ({ seed, rank, rated }) => {
        const random = seededRandom(seed);
        const model = randomModel(random, rank, BOOKS, 5);
        const fold = new FoldIn(model);
        const input = randomInput(random, BOOKS, rated, 3);
        const meanWith = (values: ArrayLike<number>, book: number): number => {
          fold.solve({ ...input, ratedValue: values }, 1.3);
          return fold.predict(book).mean;
        };
        const expected = Array.from(input.ratedBook, (book) => {
          const { dim, offset, books } = model;
          fold.solve(input, 1.3);
          const prior = new FoldIn(model);
          // The prior of a reader with so many ratings: their books tell nothing where their noise is without end.
          prior.solve(input, 1e-12);
          const q = books.mean.subarray(book * dim, (book + 1) * dim);
          let sum = offset + q[0] + prior.step.mean[0];
          for (let a = 1; a < dim; a++) sum += q[a] * prior.step.mean[a];
          return sum;
        });
        for (const book of [0, BOOKS - 1, input.ratedBook[0]]) {
          fold.solve(input, 1.3);
          const shares = new Float64Array(rated);
          fold.shares(book, shares);
          const mean = fold.mean;
          const base = mean - shares.reduce((sum, share) => sum + share, 0);
          // With every rating as it was expected nothing is left but the base.
          expect(meanWith(expected, book)).toBeCloseTo(base, 5);
          // Without one rating's surprise the mean loses its share.
          const values = Float64Array.from(input.ratedValue);
          const k = rated - 1;
          values[k] = expected[k];
          expect(meanWith(values, book)).toBeCloseTo(mean - shares[k], 5);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** The model with ratings that are known by their cells alone. */
function latent<M extends RatingModel>(model: M): M {
  const edges = model.levelMap.levels.slice(1).map((level) => level - 0.5);
  return { ...model, levelMap: { ...model.levelMap, edges } };
}

describe('a reader whose ratings are latent', () => {
  const random = seededRandom(5);
  const plain = randomModel(random, 0, BOOKS);
  const model = latent(plain);

  it('has shares that add up to the prediction', () => {
    const input = randomInput(random, BOOKS, 12, 3);
    const [fold, prior] = [new FoldIn(model), new FoldIn(plain)];
    fold.solve(input);
    prior.solve(input, 1e-12);
    for (let book = 0; book < BOOKS; book++) {
      if (input.ratedBook.includes(book)) continue;
      const shares = new Float64Array(12);
      fold.shares(book, shares);
      const base = plain.offset + plain.books.mean[book] + prior.step.mean[0];
      expect(base + shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(fold.mean, 8);
    }
  });

  it('likes books the more, the higher its ratings are', () => {
    const ratedBook = Uint32Array.of(3, 17, 21);
    const meanAfter = (rating: number): number => {
      const fold = new FoldIn(model);
      fold.solve({ ...NOTHING, ratedBook, ratedValue: Float64Array.of(rating, rating, rating) });
      return fold.step.mean[0];
    };
    expect(meanAfter(10)).toBeGreaterThan(meanAfter(9));
    expect(meanAfter(9)).toBeGreaterThan(meanAfter(8));
    expect(meanAfter(2)).toBeGreaterThan(meanAfter(1));
  });
});

it('gives the same means without the variances (property)', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0.1, max: 5, noNaN: true }), (seed, factor) => {
      const random = seededRandom(seed);
      const plain = randomModel(random, 2, BOOKS);
      const model = seed % 2 === 0 ? plain : latent(plain);
      const input = randomInput(random, BOOKS, 6, 2);
      const [whole, means] = [new FoldIn(model), new FoldIn(model)];
      whole.solve(input, factor);
      means.solveMeans(input, factor);
      for (let book = 0; book < BOOKS; book += 7) {
        expect(means.meanOf(book)).toBeCloseTo(whole.predict(book).mean, 9);
      }
    }),
    { numRuns: 20 },
  );
});
