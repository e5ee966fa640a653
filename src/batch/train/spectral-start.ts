import { normalDraw, seededRandom } from '../../model/random.ts';
import type { Random } from '../../model/random.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';

/** Ratings that every mean is shrunk by: readers and books with a few ratings must not make a direction of their own. */
const SHRINK = 5;
/** Rounds of biases; they need not converge, since training learns them anew. */
const BIAS_ROUNDS = 4;
/** Most passes of the iteration, which ends when a pass changes the strengths by less than the share. */
const MAX_PASSES = 12;
const SETTLED = 0.005;
/** The strongest factor must stand out of what noise alone gives by this factor. */
const MARGIN = 1.05;

/** The strongest directions of a matrix of residuals. */
interface Directions {
  /** By book, M x K row-major; mean square 1 over the ratings, uncorrelated. */
  readonly book: Float64Array;
  /** Variance of the residuals that each explains, K, largest first on the whole. */
  readonly strength: Float64Array;
}

/**
 * Factors of the books to start training from, M x K, or null where none stands out of noise (docs/model.md 3.7): the
 * strongest directions of the residuals after biases. The noise is judged by the same residuals with random signs, which
 * keeps their sizes and places but no common direction. A direction that explains the variance s starts at the scale
 * s^(1/4), the readers' factors taking the other half. Units: sqrt(r).
 */
export function spectralFactors(
  matrix: RatingMatrix,
  offset: number,
  rank: number,
  seed: number,
): Float64Array | null {
  const random = seededRandom(seed);
  const residual = biasResiduals(matrix, offset);
  const { book, strength } = directions(matrix, residual, rank, random);
  const signless = residual.map((r) => (random() < 0.5 ? r : -r));
  const noise = directions(matrix, signless, rank, random).strength;
  if (!(Math.max(...strength) > MARGIN * Math.max(...noise))) return null;
  return book.map((x, at) => strength[at % rank] ** 0.25 * x);
}

/** r - mu less the biases of readers and books, unshrunk, since what is left of a bias would look like a factor. By slot. */
function biasResiduals(matrix: RatingMatrix, offset: number): Float64Array {
  const residual = matrix.value.map((value) => value - offset);
  const sides = [
    { entity: matrix.book, start: matrix.bookStart, bias: new Float64Array(matrix.books) },
    { entity: matrix.reader, start: matrix.readerStart, bias: new Float64Array(matrix.readers) },
  ];
  for (let round = 0; round < BIAS_ROUNDS; round++) {
    for (const { entity, start, bias } of sides) {
      const sum = bias.map((b, n) => b * (start[n + 1] - start[n]));
      for (let slot = 0; slot < residual.length; slot++) sum[entity[slot]] += residual[slot];
      const change = sum.map((s, n) => s / Math.max(1, start[n + 1] - start[n]) - bias[n]);
      for (let slot = 0; slot < residual.length; slot++) residual[slot] -= change[entity[slot]];
      for (let n = 0; n < bias.length; n++) bias[n] += change[n];
    }
  }
  return residual;
}

/** Orthogonal iteration with shrunken means: from the books to the readers and back, K directions at a time. */
function directions(
  matrix: RatingMatrix,
  residual: Float64Array,
  rank: number,
  random: Random,
): Directions {
  const readers = sideOf(matrix.reader, matrix.readerStart, matrix.readers * rank);
  const books = sideOf(matrix.book, matrix.bookStart, matrix.books * rank);
  const book = books.direction;
  for (let i = 0; i < book.length; i++) book[i] = normalDraw(random);
  let strength = orthonormal(book, matrix, rank);
  for (let pass = 0, moved = Infinity; pass < MAX_PASSES && moved > SETTLED; pass++) {
    shrunkenMeans(residual, books, readers, rank);
    shrunkenMeans(residual, readers, books, rank);
    const before = total(strength);
    strength = orthonormal(book, matrix, rank);
    moved = Math.abs(total(strength) / before - 1);
  }
  return { book, strength };
}

/** One side of the ratings with its directions. */
interface Side {
  readonly entity: Int32Array;
  readonly start: Int32Array;
  readonly direction: Float64Array;
}

function sideOf(entity: Int32Array, start: Int32Array, numbers: number): Side {
  return { entity, start, direction: new Float64Array(numbers) };
}

/** Directions of `to` from those of `from`: sums of residual times direction over an entity's ratings, shrunk. */
function shrunkenMeans(residual: Float64Array, from: Side, to: Side, rank: number): void {
  const out = to.direction.fill(0);
  for (let slot = 0; slot < residual.length; slot++) {
    const source = from.entity[slot] * rank;
    const target = to.entity[slot] * rank;
    for (let k = 0; k < rank; k++) out[target + k] += residual[slot] * from.direction[source + k];
  }
  for (let i = 0; i < out.length; i++) {
    const n = Math.floor(i / rank);
    out[i] /= to.start[n + 1] - to.start[n] + SHRINK;
  }
}

/** Gram-Schmidt in place, each book weighted by its ratings; returns the lengths before. Books without ratings become 0. */
function orthonormal(book: Float64Array, matrix: RatingMatrix, rank: number): Float64Array {
  const { bookStart, books, size } = matrix;
  const product = (j: number, k: number): number => {
    let sum = 0;
    for (let i = 0; i < books; i++) {
      sum += (bookStart[i + 1] - bookStart[i]) * book[i * rank + j] * book[i * rank + k];
    }
    return sum / size;
  };
  const addTo = (k: number, j: number, scale: number): void => {
    for (let i = 0; i < books; i++) book[i * rank + k] += scale * book[i * rank + j];
  };
  const length = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < k; j++) addTo(k, j, -product(j, k));
    length[k] = Math.sqrt(product(k, k));
    // a direction beyond the rank of the residuals is rounding alone
    addTo(k, k, (length[k] > 1e-9 ? 1 / length[k] : 0) - 1);
  }
  for (let i = 0; i < book.length; i++) {
    const n = Math.floor(i / rank);
    if (bookStart[n + 1] === bookStart[n]) book[i] = 0;
  }
  return length;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
