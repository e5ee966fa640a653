import { describe, expect, it } from 'vitest';
import { randomInput, randomModel } from '../testing/random-model.ts';
import { FoldIn } from './fold-in.ts';
import { ModelRecommender } from './model-recommender.ts';
import { seededRandom } from './random.ts';
import type { ListPolicy, ReaderInput } from './recommender.ts';

const BOOKS = 150;
const model = randomModel(seededRandom(21), 2, BOOKS);
const recommender = new ModelRecommender(model);
const input = randomInput(seededRandom(5), BOOKS, 12, 9);
const allBooks = Uint32Array.from({ length: BOOKS }, (_, book) => book);

describe('predictions', () => {
  it('lie within the scale, with variances by cause and quantiles in order', () => {
    const predictions = recommender.predict(input, allBooks);
    for (const prediction of predictions) {
      expect(prediction.mean).toBeGreaterThanOrEqual(1);
      expect(prediction.mean).toBeLessThanOrEqual(10);
      for (const variance of [prediction.varReader, prediction.varBook, prediction.varNoise]) {
        expect(variance).toBeGreaterThan(0);
      }
      const quantiles = [0.025, 0.25, 0.5, 0.75, 0.975].map((p) => prediction.quantile(p));
      expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
      expect(quantiles[0]).toBeGreaterThanOrEqual(1);
      expect(quantiles[4]).toBeLessThanOrEqual(10);
      expect(prediction.levels.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(prediction.atLeast(1)).toBeCloseTo(1, 12);
      expect(prediction.atLeast(8)).toBeCloseTo(
        prediction.levels.slice(7).reduce((sum, p) => sum + p, 0),
        12,
      );
    }
  });

  it('keep their quantiles while others are made', () => {
    const [first] = recommender.predict(input, Uint32Array.of(3));
    const before = first.quantile(0.7);
    recommender.predict(randomInput(seededRandom(6), BOOKS, 30, 0), allBooks);
    expect(first.quantile(0.7)).toBe(before);
  });
});

describe('lists', () => {
  const policies: ListPolicy[] = [
    { kind: 'mean' },
    { kind: 'cautious' },
    { kind: 'thompson', seed: 3, samples: 1 },
  ];

  it.each(policies)('hold listed books that were not met, once each: $kind', (policy) => {
    const { book, mean, low, high } = recommender.recommend(input, 20, policy);
    expect(book.length).toBe(20);
    expect(new Set(book).size).toBe(20);
    for (const met of [...input.ratedBook, ...input.unratedBook]) expect(book).not.toContain(met);
    for (const b of book) expect(model.listed[b]).toBe(1);
    for (let n = 0; n < 20; n++) {
      expect(low[n]).toBeGreaterThanOrEqual(1);
      expect(low[n]).toBeLessThanOrEqual(high[n]);
      expect(high[n]).toBeLessThanOrEqual(10);
      expect(mean[n]).toBeGreaterThanOrEqual(1);
    }
  });

  it('say of each book what its prediction says', () => {
    const list = recommender.recommend(input, 10);
    const predictions = recommender.predict(input, list.book);
    predictions.forEach((prediction, n) => {
      expect(list.mean[n]).toBeCloseTo(prediction.mean, 5);
      expect(list.sdReader[n]).toBeCloseTo(Math.sqrt(prediction.varReader), 5);
      expect(list.sdBook[n]).toBeCloseTo(Math.sqrt(prediction.varBook), 5);
      expect(list.sdNoise[n]).toBeCloseTo(Math.sqrt(prediction.varNoise), 5);
      expect(list.low[n]).toBeCloseTo(prediction.quantile(0.025), 5);
      expect(list.high[n]).toBeCloseTo(prediction.quantile(0.975), 5);
    });
  });

  it('are ordered by the lower quantile of the mean where caution is asked for', () => {
    const fold = new FoldIn(model);
    fold.solve(input);
    const { book } = recommender.recommend(input, 15, { kind: 'cautious' });
    const score = Array.from(book, (b) => {
      const { mean, varReader, varBook } = fold.predict(b);
      return mean - 1.645 * Math.sqrt(varReader + varBook);
    });
    expect(score).toEqual(score.toSorted((a, b) => b - a));
    expect(Array.from(book)).not.toEqual(Array.from(recommender.recommend(input, 15).book));
  });

  it('are drawn by the seed', () => {
    const draw = (seed: number, samples: number) =>
      Array.from(recommender.recommend(input, 10, { kind: 'thompson', seed, samples }).book);
    expect(draw(1, 1)).toEqual(draw(1, 1));
    expect(draw(1, 1)).not.toEqual(draw(2, 1));
    // the average of very many draws is the mean
    expect(draw(1, 1e12)).toEqual(Array.from(recommender.recommend(input, 10).book));
  });

  it('are served to a reader of whom nothing is known', () => {
    const nobody: ReaderInput = {
      labels: new Uint32Array(),
      ratedBook: new Uint32Array(),
      ratedValue: [],
      unratedBook: new Uint32Array(),
    };
    const listed = model.listed.reduce((sum, one) => sum + one, 0);
    expect(recommender.recommend(nobody, 10_000).book.length).toBe(listed);
    expect(recommender.recommend(nobody, 0).book.length).toBe(0);
  });
});

describe('labels of fields', () => {
  // usa germany spain | ohio utah | 24-31 32-39
  it.each([
    { fields: { country: 'U.S.A.' }, want: [0] },
    { fields: { country: ' Deutschland' }, want: [1] },
    { fields: { country: 'usa', state: 'Ohio' }, want: [0, 3] },
    { fields: { state: 'ohio' }, want: [] },
    { fields: { age: '31' }, want: [5] },
    { fields: { age: '24-31' }, want: [5] },
    { fields: { age: '250' }, want: [] },
    { fields: { country: 'atlantis', shoe: '44' }, want: [] },
    { fields: {}, want: [] },
  ])('$fields are $want', ({ fields, want }) => {
    expect(Array.from(recommender.labelsOf(fields))).toEqual(want);
  });
});
