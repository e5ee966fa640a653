import type { TrainingData } from '../batch/train/model-state.ts';
import { normalDraw, seededRandom } from '../model/random.ts';
import { randomDirections } from './random-reader.ts';
import { randomFamily, randomRatings, trainingDataOf } from './random-model-data.ts';

/** How large the random data is; entities without ratings or labels are among them. */
export interface RandomTraining {
  readonly seed: number;
  readonly readers: number;
  readonly books: number;
  readonly density: number;
  /** Whether ratings are known by their cells alone. */
  readonly isLatent?: boolean;
}

/** Edges of the cells of latent ratings. */
const EDGES = Float64Array.of(2, 4.5, 5, 7, 10);

/** Ratings from biases and one strong factor that is tied to them, with labels of every kind on both sides. */
export function randomTraining(size: RandomTraining): TrainingData {
  const { seed, readers, books, density, isLatent = false } = size;
  const random = seededRandom(seed);
  const ofReader = Array.from({ length: readers }, () => normalDraw(random));
  const ofBook = Array.from({ length: books }, () => normalDraw(random));
  const taste = Array.from({ length: readers }, () => 0.5 + normalDraw(random));
  const kind = Array.from({ length: books }, () => 0.5 + normalDraw(random));
  const value = (u: number, i: number) =>
    6 +
    (ofReader[u] ?? 0) +
    (ofBook[i] ?? 0) +
    2 * (taste[u] ?? 0) * (kind[i] ?? 0) +
    normalDraw(random);
  const drawn = randomRatings(random, readers, books, density, value);
  // one rating at least
  const ratings =
    drawn.value.length > 0
      ? drawn
      : { reader: Int32Array.of(0), book: Int32Array.of(0), value: Float64Array.of(7) };
  const authors = randomFamily(random, 'author', books, 7);
  const genres = randomFamily(random, 'genre', books, 5, 3);
  const data = trainingDataOf({
    ratings,
    readers,
    books,
    readerFamilies: [
      randomFamily(random, 'country', readers, 4),
      randomFamily(random, 'interest', readers, 6, 3),
    ],
    bookFamilies: [authors, genres],
    effectFamilies: [genres, authors, randomFamily(random, 'years', books, 3)],
    directions: randomDirections(random, books),
  });
  return { ...data, edges: isLatent ? EDGES : null };
}
