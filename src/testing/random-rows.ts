import { buildRatingMatrix } from '../model/rating-matrix.ts';
import type { RatingMatrix } from '../model/rating-matrix.ts';
import { normalDraw } from '../model/random.ts';
import type { Random } from '../model/random.ts';
import type { Posteriors, RowNumbers, RowRatings, RowSide } from '../model/row-step.ts';
import { randomRatings } from './random-model-data.ts';
import { packed, randomPrecision } from './random-reader.ts';

/** How large random rows are, whether readers have content effects, and whether ratings are latent. */
export interface RandomRows {
  readonly rank: number;
  readonly readers: number;
  readonly books: number;
  readonly density: number;
  readonly shifted: boolean;
  readonly latent?: boolean;
}

/** Both sides of random ratings with random posteriors; some entities have no ratings. */
export function randomRows(random: Random, size: RandomRows) {
  const { rank, readers, books, density, shifted, latent = false } = size;
  const dim = rank + 1;
  const ratings = randomRatings(random, readers, books, density, () => 7 + 2 * normalDraw(random));
  const matrix = buildRatingMatrix(ratings, readers, books);
  const [q, p] = [posteriors(random, readers, dim), posteriors(random, books, dim)];
  const drawn = (count: number) => Float64Array.from({ length: count }, () => normalDraw(random));
  const shift = {
    mean: drawn(matrix.size),
    variance: drawn(matrix.size).map((x) => 1 + x * x),
    cov: drawn(matrix.size * rank).map((x) => 0.1 * x),
  };
  const variance = latent ? drawn(matrix.size).map((x) => x * x) : null;
  const sides = {
    readers: side('reader', { ...matrix, variance }, [q, p], drawn(readers * dim)),
    books: {
      ...side('book', { ...matrix, variance }, [p, q], drawn(books * dim)),
      shift: shifted ? shift : null,
    },
  };
  const numbers: RowNumbers = {
    tau: 0.8,
    offset: 6.5,
    shape: 5,
    priorPrecision: randomPrecision(random, dim),
  };
  return { matrix, sides, numbers };
}

function posteriors(random: Random, count: number, dim: number): Posteriors {
  return {
    mean: Float64Array.from({ length: count * dim }, () => normalDraw(random)),
    cov: Float64Array.from(
      Array.from({ length: count }, () => packed(randomPrecision(random, dim, 0.3), dim)).flat(),
    ),
    precision: Float64Array.from({ length: count }, () => 0.3 + random()),
  };
}

function side(
  name: RowSide['name'],
  matrix: RatingMatrix & Pick<RowRatings, 'variance'>,
  [rows, partners]: readonly [Posteriors, Posteriors],
  priorMean: Float64Array,
): RowSide {
  const { readerStart, bookStart, bookSlot, reader, book, value, variance } = matrix;
  const ratings =
    name === 'reader'
      ? { start: readerStart, slot: null, partner: book, value, variance }
      : { start: bookStart, slot: bookSlot, partner: reader, value, variance };
  const dim = priorMean.length / (ratings.start.length - 1);
  return { name, dim, ratings, rows, partners, shift: null, priorMean };
}

/** The same side with rows of its own, so that a step leaves it as it is. */
export function copyOf(original: RowSide): RowSide {
  const { mean, cov, precision } = original.rows;
  const rows = { mean: mean.slice(), cov: cov.slice(), precision: precision.slice() };
  return { ...original, rows };
}
