import { HeldOutRows } from '../batch/train/held-out-rows.ts';
import type { ModelState, TrainingData } from '../batch/train/model-state.ts';
import type { SweepReport } from '../batch/train/trainer.ts';
import type { FeatureFamily, Ratings } from '../model/data.ts';
import { normalDraw, seededRandom } from '../model/random.ts';
import { randomFamily, randomRatings, trainingDataOf } from './random-model-data.ts';

/** Ratings from a known model, split into rows to learn from and rows to watch. */
export interface Planted {
  readonly data: TrainingData;
  readonly heldOut: HeldOutRows;
  /** Best RMSE that the held-out rows allow: that of the planted means. */
  readonly noiseRmse: number;
}

function split(
  ratings: Ratings,
  mean: (reader: number, book: number) => number,
  parts: { readers: number; books: number; effectFamilies?: readonly FeatureFamily[] },
): Planted {
  const rows = Int32Array.from(ratings.value.keys());
  const held = rows.filter((row) => row % 7 === 0);
  const squares = Array.from(held, (row) => {
    const planted = mean(ratings.reader[row] ?? NaN, ratings.book[row] ?? NaN);
    return ((ratings.value[row] ?? NaN) - planted) ** 2;
  });
  return {
    data: trainingDataOf({ ...parts, ratings, rows: rows.filter((row) => row % 7 !== 0) }),
    heldOut: new HeldOutRows(ratings, held, parts.readers),
    noiseRmse: Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length),
  };
}

/** Biases and `rank` factors, all of standard deviation `sd`, with noise of standard deviation 0.5; dense by default. */
export function plantedFactors(
  seed: number,
  rank: number,
  { readers, books, density, sd } = { readers: 80, books: 60, density: 0.5, sd: 1 },
): Planted {
  const random = seededRandom(seed);
  const draw = (entities: number) =>
    Array.from({ length: entities }, () =>
      Array.from({ length: rank + 1 }, () => sd * normalDraw(random)),
    );
  const [z, w] = [draw(readers), draw(books)];
  const mean = (u: number, i: number) => {
    const [p = [], q = []] = [z[u], w[i]];
    return p.reduce((sum, x, k) => sum + (k === 0 ? x + (q[0] ?? 0) : x * (q[k] ?? 0)), 6);
  };
  const value = (u: number, i: number) => mean(u, i) + 0.5 * normalDraw(random);
  return split(randomRatings(random, readers, books, density, value), mean, { readers, books });
}

/**
 * Biases and `rank` factors on ratings as few as in real data, 20 a reader and 50 a book on average, with noise of
 * standard deviation 0.5: without factors the held-out RMSE is near 1.6.
 */
export function plantedSparseFactors(seed: number, rank: number): Planted {
  return plantedFactors(seed, rank, { readers: 1000, books: 400, density: 0.05, sd: 0.85 });
}

/** Each reader's own effect of variance 1 for each of 8 authors; no factors; noise of standard deviation 0.5. */
export function plantedEffects(seed: number, readers = 100, books = 80): Planted {
  const random = seededRandom(seed);
  const authors = randomFamily(random, 'author', books, 8);
  const effect = Array.from({ length: readers * 8 }, () => normalDraw(random));
  const bias = Array.from({ length: books }, () => 0.5 * normalDraw(random));
  const mean = (u: number, i: number) => {
    const [from = 0, to = 0] = [authors.offsets[i], authors.offsets[i + 1]];
    const own = from === to ? 0 : (effect[u * 8 + (authors.indices[from] ?? 0)] ?? NaN);
    return 6 + own + (bias[i] ?? NaN);
  };
  const value = (u: number, i: number) => mean(u, i) + 0.5 * normalDraw(random);
  return split(randomRatings(random, readers, books, 0.3, value), mean, {
    readers,
    books,
    effectFamilies: [authors],
  });
}

/** Runs a training to its end. */
export function finished(training: Generator<SweepReport, ModelState>): {
  reports: SweepReport[];
  state: ModelState;
} {
  const reports: SweepReport[] = [];
  for (;;) {
    const step = training.next();
    if (step.done === true) return { reports, state: step.value };
    reports.push(step.value);
  }
}
