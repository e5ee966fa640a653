import { describe, expect, it } from 'vitest';
import { FoldIn } from '../../model/fold-in.ts';
import { plainLevelMap, plainScale, type Scale } from '../../model/level-map.ts';
import { expectedInverse } from '../../model/noise-factor.ts';
import { randomFamily, randomRatings, trainingDataOf } from '../../testing/random-model-data.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import { finished } from '../../testing/planted.ts';
import { sweepLatent } from './latent-sweep.ts';
import { sweepReaders } from './reader-sweep.ts';
import { trainedModelOf } from './trained-model-of.ts';
import { train } from './trainer.ts';

const READERS = 60;
const BOOKS = 40;
const LEVELS = Float64Array.from({ length: 10 }, (_, l) => l + 1);

/** Half-way between levels. */
const EDGES = LEVELS.slice(1).map((level) => level - 0.5);
const SCALES = [plainScale(LEVELS), { ...plainScale(LEVELS), edges: EDGES }];

/** A strong factor, a country that matters, authors; the last reader and the last book have no rating. */
function trained(scale: Scale) {
  const random = seededRandom(12);
  const draws = (count: number) => Array.from({ length: count }, () => normalDraw(random));
  const [bias, taste, kind] = [draws(READERS), draws(READERS), draws(BOOKS)];
  const countries = randomFamily(random, 'country', READERS, 3);
  const authors = randomFamily(random, 'author', BOOKS, 8);
  const ratings = randomRatings(random, READERS - 1, BOOKS - 1, 0.6, (u, i) => {
    const rating = 6 + bias[u] + 1.5 * taste[u] * kind[i] + 0.7 * normalDraw(random);
    return scale.edges === null ? rating : Math.min(10, Math.max(1, Math.round(rating)));
  });
  const plain = trainingDataOf({
    ratings,
    readers: READERS,
    books: BOOKS,
    readerFamilies: [countries],
    bookFamilies: [authors],
    effectFamilies: [authors],
  });
  const data = { ...plain, edges: scale.edges };
  const { state } = finished(train(data, { rank: 2, sweeps: 15, seed: 1 }));
  const listed = new Uint8Array(BOOKS).fill(1);
  // the readers' own posteriors at the final books, with their noise factors and latent ratings settled
  for (let round = 0; round < 60; round++) {
    sweepReaders(state);
    sweepLatent(state);
  }
  return {
    state,
    countries,
    ratings: data.matrix.value,
    model: trainedModelOf(state, [countries], listed, plainLevelMap(scale)),
  };
}

describe.each(SCALES)('a trained model (edges of cells: $edges)', (scale) => {
  const { state, countries, ratings, model } = trained(scale);
  const { matrix } = state.data;

  const inputOf = (u: number) => ({
    labels: Uint32Array.from(
      countries.indices.subarray(countries.offsets[u], countries.offsets[u + 1]),
    ),
    ratedBook: Uint32Array.from(
      matrix.book.subarray(matrix.readerStart[u], matrix.readerStart[u + 1]),
    ),
    ratedValue: ratings.subarray(matrix.readerStart[u], matrix.readerStart[u + 1]),
    unratedBook: new Uint32Array(),
  });

  it('has a factor', () => {
    expect(state.dim).toBeGreaterThan(1);
  });

  it('folds a training reader in to the posterior that training found', () => {
    const fold = new FoldIn(model);
    for (let u = 0; u < READERS - 1; u++) {
      fold.solve(inputOf(u));
      for (let d = 0; d < state.dim; d++) {
        expect(Math.abs(fold.step.mean[d] - state.readers.mean[u * state.dim + d])).toBeLessThan(
          0.01,
        );
      }
      const variance = state.readers.cov[(u * state.dim * (state.dim + 1)) / 2];
      expect(Math.abs(fold.step.cov[0] / variance - 1)).toBeLessThan(0.02);
    }
  });

  it('gives a reader without ratings the prior mean of the labels', () => {
    const fold = new FoldIn(model);
    const u = READERS - 1;
    fold.solve(inputOf(u));
    for (let d = 0; d < state.dim; d++) {
      expect(fold.step.mean[d]).toBeCloseTo(state.readerPrior.mean[u * state.dim + d], 10);
    }
  });

  it('has books without ratings at their prior, and one more that stands for any unknown book', () => {
    const { dim, books, bookPrior } = state;
    for (let d = 0; d < dim; d++) {
      expect(model.books.mean[(BOOKS - 1) * dim + d]).toBe(bookPrior.mean[(BOOKS - 1) * dim + d]);
      expect(model.books.mean[BOOKS * dim + d]).toBe(bookPrior.intercept[d]);
    }
    expect(model.listed[BOOKS]).toBe(0);
    expect(model.bookNoise[BOOKS]).toBeCloseTo(expectedInverse(state.bookShape.prior, 0, 1), 12);
    expect(model.books.precision.subarray(0, BOOKS)).toEqual(books.precision);
    const fold = new FoldIn(model);
    fold.solve(inputOf(0));
    const [unknown, known] = [
      fold.predict(BOOKS),
      fold.predict(matrix.book[matrix.readerStart[1]]),
    ];
    expect(unknown.varBook).toBeGreaterThan(known.varBook);
  });
});
