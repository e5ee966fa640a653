import type { Directions } from '../model/directions.ts';
import { buildLabelSpace } from '../model/label-space.ts';
import { normalDraw } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import type { BookSide } from '../model/reader-step.ts';
import type { ReaderTask } from '../model/reader-task.ts';
import { randomFamily, randomIndex } from './random-model-data.ts';

/** A random positive definite matrix, D x D row-major, times `scale`. */
export function randomPrecision(random: Random, dim: number, scale = 1): Float64Array {
  const root = Array.from({ length: dim }, () =>
    Array.from({ length: dim }, () => normalDraw(random)),
  );
  return Float64Array.from({ length: dim * dim }, (_, at) => {
    const [a, b] = [root[Math.floor(at / dim)] ?? [], root[at % dim] ?? []];
    const product = a.reduce((sum, x, k) => sum + x * (b[k] ?? NaN), 0);
    return scale * (product / dim + (Math.floor(at / dim) === at % dim ? 0.5 : 0));
  });
}

/** Packed lower triangle of a row-major matrix. */
export function packed(matrix: Float64Array, dim: number): number[] {
  return Array.from(matrix).filter((_, at) => at % dim <= Math.floor(at / dim));
}

/**
 * Books with random posteriors and three families of labels: authors (wide, so that repeated ones are arms), genres
 * (several to a book) and years (few). Two directions, with every fifth book that nobody met.
 */
export function randomBooks(random: Random, rank: number, books: number, authors = 9): BookSide {
  const dim = rank + 1;
  const positive = () => 0.3 + random();
  return {
    dim,
    mean: Float64Array.from({ length: books * dim }, () => normalDraw(random)),
    cov: Float64Array.from(
      Array.from({ length: books }, () => packed(randomPrecision(random, dim, 0.3), dim)).flat(),
    ),
    precision: Float64Array.from({ length: books }, positive),
    labels: buildLabelSpace(books, [
      randomFamily(random, 'genre', books, 6, 3),
      randomFamily(random, 'author', books, authors),
      randomFamily(random, 'years', books, 4),
    ]),
    effectVar: Float64Array.from({ length: 4 }, positive),
    directions: randomDirections(random, books),
  };
}

/** Every fifth book has no place among the directions. */
export function randomDirections(random: Random, books: number, count = 2): Directions {
  const place = new Float32Array(books * count);
  for (let book = 0; book < books; book++) {
    if (book % 5 === 4) continue;
    const drawn = Float64Array.from({ length: count }, () => normalDraw(random));
    const length = Math.hypot(...drawn);
    place.set(
      drawn.map((x) => x / length),
      book * count,
    );
  }
  return { count, place };
}

/** One reader with ratings of `count` different books, behind a few slots of somebody else. */
export function randomTask(random: Random, books: BookSide, count: number): ReaderTask {
  const { dim } = books;
  const total = books.precision.length;
  const order = Array.from({ length: total }, (_, book) => [random(), book] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, book]) => book);
  const from = randomIndex(random, 3);
  const own = order.slice(0, count);
  return {
    book: Int32Array.from([...order.slice(total - from), ...own]),
    value: Float64Array.from({ length: from + count }, () => 7 + 2 * normalDraw(random)),
    from,
    to: from + count,
    offset: 7,
    precision: 0.3 + random(),
    priorMean: Float64Array.from({ length: 3 * dim }, () => normalDraw(random)),
    priorAt: dim,
    priorPrecision: randomPrecision(random, dim),
  };
}
