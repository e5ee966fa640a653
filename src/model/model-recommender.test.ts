import { describe, expect, it } from 'vitest';
import { randomInput, randomModel } from '../testing/random-model.ts';
import { FoldIn } from './fold-in.ts';
import { ModelRecommender } from './model-recommender.ts';
import { seededRandom } from './random.ts';
import { POLICIES, type Policy } from '../contracts/policies.ts';
import { DEFAULT_CHOICE, type ReaderInput } from './recommender.ts';

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

  it('are as wide on average as their intervals, after each rating', () => {
    const books = Uint32Array.of(3, 5, 40);
    const widths = recommender.meanWidths(input, books);
    expect(widths.length).toBe(input.ratedBook.length + 1);
    widths.forEach((width, known) => {
      const reader = { ...input, ratedBook: input.ratedBook.subarray(0, known) };
      const of = recommender
        .predict(reader, books)
        .map((p) => p.quantile(0.975) - p.quantile(0.025));
      expect(width).toBeCloseTo((of[0] + of[1] + of[2]) / 3, 12);
    });
    expect(recommender.meanWidths(input, new Uint32Array())[0]).toBe(0);
  });

  it('keep their quantiles while others are made', () => {
    const [first] = recommender.predict(input, Uint32Array.of(3));
    const before = first.quantile(0.7);
    recommender.predict(randomInput(seededRandom(6), BOOKS, 30, 0), allBooks);
    expect(first.quantile(0.7)).toBe(before);
  });
});

describe('lists', () => {
  it.each(POLICIES)('hold listed books that were not met, once each: %s', (policy) => {
    const list = recommender.recommend(input, 20, { ...DEFAULT_CHOICE, policy, seed: 3 });
    const { book, mean, low, high, interest, signal } = list;
    expect(book.length).toBe(20);
    expect(new Set(book).size).toBe(20);
    for (const met of [...input.ratedBook, ...input.unratedBook]) expect(book).not.toContain(met);
    for (const b of book) expect(model.listed[b]).toBe(1);
    for (let n = 0; n < 20; n++) {
      expect(low[n]).toBeGreaterThanOrEqual(1);
      expect(low[n]).toBeLessThanOrEqual(high[n]);
      expect(high[n]).toBeLessThanOrEqual(10);
      expect(mean[n]).toBeGreaterThanOrEqual(1);
      expect(interest[n]).toBeGreaterThan(0);
      expect(interest[n]).toBeLessThan(1);
      expect(recommender.signals[signal[n]]).toBeDefined();
    }
  });

  it('bring up the books of an author whom the reader likes, and leave none of them out', () => {
    const { labels } = model.books;
    const family = labels.families.indexOf('author');
    expect(family).toBeGreaterThanOrEqual(0);
    const liked = allBooks.find(
      (book) =>
        model.listed[book] === 1 &&
        labels.label
          .subarray(labels.start[book], labels.start[book + 1])
          .some((g) => labels.familyOf[g] === family),
    );
    const without = recommender.recommend(input, BOOKS);
    const byLiked = Uint32Array.of(liked ?? 0);
    const list = recommender.recommend({ ...input, byLiked }, BOOKS);
    const interestIn = (of: typeof list): number => of.interest[of.book.indexOf(liked ?? 0)];
    expect(interestIn(list)).toBeGreaterThan(interestIn(without));
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

  const by = (policy: Policy, seed = 1) =>
    recommender.recommend(input, 15, { policy, seed, maxPerAuthor: 10 });
  const falling = (score: number[]) => score.toSorted((a, b) => b - a);

  it('are ordered by what the policy names', () => {
    const fold = new FoldIn(model);
    fold.solve(input);
    const cautious = Array.from(by('cautious').book, (b) => {
      const { mean, varReader, varBook } = fold.predict(b);
      return mean - 1.645 * Math.sqrt(varReader + varBook);
    });
    expect(cautious).toEqual(falling(cautious));
    const rating = Array.from(by('rating').book, (b) => fold.predict(b).mean);
    expect(rating).toEqual(falling(rating));
    const { interest } = by('interest');
    expect([...interest]).toEqual(falling([...interest]));
    const balanced = by('balanced');
    const liked = recommender.predict(input, balanced.book).map((p) => p.atLeast(8));
    const score = liked.map((p, n) => p * balanced.interest[n]);
    score.slice(1).forEach((s, n) => {
      expect(s).toBeLessThanOrEqual(score[n] * 1.000001);
    });
    const lists = POLICIES.map((policy) => by(policy).book.join());
    expect(new Set(lists).size).toBe(POLICIES.length);
  });

  it('are drawn by the seed', () => {
    expect(by('explore', 1)).toEqual(by('explore', 1));
    expect(by('explore', 1).book).not.toEqual(by('explore', 2).book);
    expect(by('balanced', 1)).toEqual(by('balanced', 2));
  });

  it.each(POLICIES)('have few books of one author in ten, and each work once: %s', (policy) => {
    const works = {
      author: Int32Array.from({ length: BOOKS }, (_, n) => n % 12),
      edition: Int32Array.from({ length: BOOKS }, (_, n) => (n < 75 ? n : n - 75)),
    };
    const some = new ModelRecommender({ ...model, interest: { ...model.interest, works } });
    const { book } = some.recommend(input, 20, { policy, seed: 1, maxPerAuthor: 1 });
    expect(book.length).toBe(20);
    for (const ten of [book.slice(0, 10), book.slice(10)]) {
      expect(new Set(Array.from(ten, (b) => works.author[b])).size).toBe(10);
    }
    const seen = [...book, ...input.ratedBook, ...input.unratedBook].map((b) => works.edition[b]);
    const met = [...input.ratedBook, ...input.unratedBook].map((b) => works.edition[b]);
    expect(new Set(seen).size).toBe(book.length + new Set(met).size);
  });

  it('are the same whoever came before, above all another reader of the same one book', () => {
    const used = new ModelRecommender(model);
    const of = (rated: number[], unrated: number[], value: number): ReaderInput => ({
      labels: new Uint32Array(),
      ratedBook: Uint32Array.from(rated),
      ratedValue: rated.map(() => value),
      unratedBook: Uint32Array.from(unrated),
    });
    const readers = [of([3], [], 9), of([3], [], 2), of([], [3], 0), of([4], [], 2), of([], [], 0)];
    const choices = POLICIES.map((policy) => ({ ...DEFAULT_CHOICE, policy, seed: 3 }));
    const allowed = new Uint8Array(BOOKS).fill(1, 0, 50);
    const ask = (by: ModelRecommender, reader: ReaderInput) =>
      choices.flatMap((choice) => [
        by.recommend(reader, 10, choice),
        by.recommend(reader, 7, { ...choice, maxPerAuthor: 1 }),
        by.recommend(reader, 10, choice, allowed),
        by.recommend({ ...reader, byLiked: Uint32Array.of(5) }, 10, choice),
      ]);
    for (const reader of [...readers, ...readers]) {
      expect(ask(used, reader)).toEqual(ask(new ModelRecommender(model), reader));
    }
  });

  it('are served to a reader of whom nothing is known', () => {
    const nobody: ReaderInput = {
      labels: new Uint32Array(),
      ratedBook: new Uint32Array(),
      ratedValue: [],
      unratedBook: new Uint32Array(),
    };
    const listed = model.listed.reduce((sum, one) => sum + one, 0);
    expect(
      recommender.recommend(nobody, 10_000, { ...DEFAULT_CHOICE, maxPerAuthor: 10 }).book.length,
    ).toBe(listed);
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

describe('the next question', () => {
  it('is the one whose answer narrows most what may be picked, by the chance that it is known', () => {
    const found = recommender.question(input);
    if (found === null) throw new Error('there are books to ask for');
    expect(model.listed[found.book]).toBe(1);
    for (const met of [...input.ratedBook, ...input.unratedBook]) expect(found.book).not.toBe(met);
    expect(found.after).toBeLessThan(found.before);
    const allowed = new Uint8Array(BOOKS).fill(1);
    allowed[found.book] = 0;
    const other = recommender.question(input, allowed);
    const gain = ({ interest, before, after }: typeof found): number =>
      interest * (before ** 2 - after ** 2);
    expect(other?.book).not.toBe(found.book);
    expect(gain(other ?? found)).toBeLessThanOrEqual(gain(found) + 1e-12);
    expect(recommender.question(input, new Uint8Array(BOOKS))).toBeNull();
  });
});
