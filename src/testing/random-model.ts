import { type InterestModel, signalNames } from '../model/interest/interest-model.ts';
import { plainLevelMap, plainScale } from '../model/level-map.ts';
import { normalDraw } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import type { ReaderInput } from '../model/recommender.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { randomIndex } from './random-model-data.ts';
import { randomBooks, randomPrecision } from './random-reader.ts';

const READER_FAMILIES = [
  { name: 'country', labels: ['usa', 'germany', 'spain'] },
  { name: 'state', labels: ['ohio, usa', 'utah, usa'] },
  { name: 'age', labels: ['24-31', '32-39'] },
  { name: 'ratings', labels: ['0', '2', '3', '4', '5', '6'] },
];

/** A model with random posteriors; four books of five are listed. */
export function randomModel(
  random: Random,
  rank: number,
  books: number,
  authors = 9,
): TrainedModel {
  const dim = rank + 1;
  const labels = READER_FAMILIES.flatMap((family) => family.labels).length;
  const normals = (count: number) => Float64Array.from({ length: count }, () => normalDraw(random));
  const bookSide = randomBooks(random, rank, books, authors);
  return {
    dim,
    offset: 6,
    tau: 0.7,
    readerShape: 6,
    readerPrior: {
      families: READER_FAMILIES,
      intercept: normals(dim),
      effect: normals(labels * dim),
      precision: randomPrecision(random, dim, 2),
    },
    books: bookSide,
    bookNoise: Float64Array.from({ length: books }, () => 0.5 + random()),
    bookRatings: Int32Array.from({ length: books }, (_, n) => n % 12),
    levelMap: plainLevelMap(plainScale(Float64Array.from({ length: 10 }, (_, l) => l + 1))),
    listed: Uint8Array.from({ length: books }, () => (random() < 0.8 ? 1 : 0)),
    interest: randomInterest(random, books, bookSide.labels.families),
  };
}

/** Each book is tied to the next five; every other book has an author of ten, the rest have none. */
export function randomInterest(
  random: Random,
  books: number,
  families: readonly string[],
): InterestModel {
  const ties = Math.min(5, books);
  const width = signalNames(families).length;
  const cov = new Float64Array((width + 1) ** 2);
  for (let a = 0; a <= width; a++) cov[a * (width + 2)] = 0.01;
  return {
    ties: {
      start: Int32Array.from({ length: books + 1 }, (_, book) => book * ties),
      book: Int32Array.from(
        { length: books * ties },
        (_, n) => (Math.floor(n / ties) + (n % ties) + 1) % books,
      ),
      strength: Float32Array.from({ length: books * ties }, () => random()),
      common: Uint32Array.from({ length: books * ties }, (_, n) => 2 + (n % 7)),
    },
    popularity: Int32Array.from({ length: books }, () => 1 + randomIndex(random, 50)),
    exponent: 0.4,
    weights: {
      mean: Float64Array.from({ length: width + 1 }, (_, a) => (a < width ? random() : -4)),
      cov,
    },
    centre: new Float64Array(width),
    works: {
      author: Int32Array.from({ length: books }, (_, n) => (n % 2 === 0 ? n % 20 : -1)),
      edition: Int32Array.from({ length: books }, (_, n) => n),
    },
  };
}

/** A reader with `rated` ratings and `unrated` other books met, no labels. */
export function randomInput(
  random: Random,
  books: number,
  rated: number,
  unrated: number,
): ReaderInput {
  const met = new Set<number>();
  while (met.size < Math.min(books, rated + unrated)) met.add(randomIndex(random, books));
  const order = Uint32Array.from(met);
  return {
    labels: new Uint32Array(),
    ratedBook: order.slice(0, rated),
    ratedValue: Float64Array.from({ length: Math.min(rated, order.length) }, () =>
      Math.min(10, Math.max(1, 6 + 2 * normalDraw(random))),
    ),
    unratedBook: order.slice(rated),
  };
}
