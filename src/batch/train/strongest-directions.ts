import { packedSize } from '../../model/cholesky.ts';
import { normalDraw } from '../../model/random.ts';
import type { Random } from '../../model/random.ts';
import { buildRatingMatrix } from '../../model/rating-matrix.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';

/** Ratings that every mean is shrunk by: readers and books with a few ratings must not make a direction of their own. */
const SHRINK = 5;
/** Most passes of the iteration. */
const MAX_PASSES = 12;

/** Ratings that are enough to see directions; with more, only every second, third .. reader is looked at. */
const ENOUGH = 4_000_000;

/** The strongest directions of a matrix of residuals. */
export interface StrongestDirections {
  /** By book, M x K row-major; mean square 1 over the ratings, uncorrelated. */
  readonly book: Float64Array;
  /** Variance of the residuals that each explains, K, largest first on the whole. */
  readonly strength: Float64Array;
}

/** One side's residuals, row by row. */
interface Rows {
  readonly start: Int32Array;
  readonly partner: Int32Array;
  readonly residual: Float64Array;
}

/** What is looked for. */
export interface Search {
  /** Directions. */
  readonly rank: number;
  /** The iteration ends when a pass changes the strengths by less than this share. */
  readonly settled: number;
  /** Draws the directions to start from. */
  readonly random: Random;
}

/** Orthogonal iteration with shrunken means: from the books to the readers and back, K directions at a time. */
export function strongestDirections(
  { readers, books, readerStart, bookStart, bookSlot, reader, book: bookOf }: RatingMatrix,
  residual: Float64Array,
  { rank, settled, random }: Search,
): StrongestDirections {
  const byReader: Rows = { start: readerStart, partner: bookOf, residual };
  const byBook: Rows = {
    start: bookStart,
    partner: new Int32Array(bookSlot.length),
    residual: new Float64Array(bookSlot.length),
  };
  for (let k = 0; k < bookSlot.length; k++) {
    byBook.partner[k] = reader[bookSlot[k]];
    byBook.residual[k] = residual[bookSlot[k]];
  }
  const taste = new Float64Array(readers * rank);
  const book = new Float64Array(books * rank);
  for (let i = 0; i < book.length; i++) book[i] = normalDraw(random);
  let strength = orthonormal(book, bookStart, rank);
  for (let pass = 0, moved = Infinity; pass < MAX_PASSES && moved > settled; pass++) {
    shrunkenMeans(byReader, book, taste, rank);
    shrunkenMeans(byBook, taste, book, rank);
    const before = total(strength);
    strength = orthonormal(book, bookStart, rank);
    moved = Math.abs(total(strength) / before - 1);
  }
  return { book, strength };
}

/** The ratings of every second, third .. reader, so that there are not many more than enough. */
export function enoughOf(matrix: RatingMatrix): RatingMatrix {
  const step = Math.ceil(matrix.size / ENOUGH);
  if (step <= 1) return matrix;
  const { readerStart } = matrix;
  let size = 0;
  for (let u = 0; u < matrix.readers; u += step) size += readerStart[u + 1] - readerStart[u];
  const rows = new Int32Array(size);
  for (let u = 0, row = 0; u < matrix.readers; u += step) {
    for (let slot = readerStart[u]; slot < readerStart[u + 1]; slot++) rows[row++] = slot;
  }
  return buildRatingMatrix(matrix, matrix.readers, matrix.books, rows);
}

/** Directions of the rows from those of their partners: sums of residual times direction, shrunk; four directions at a time. */
function shrunkenMeans(
  { start, partner, residual }: Rows,
  from: Float64Array,
  to: Float64Array,
  rank: number,
): void {
  for (let n = 0; n + 1 < start.length; n++) {
    const [first, end] = [start[n], start[n + 1]];
    const scale = 1 / (end - first + SHRINK);
    let d = 0;
    for (; d + 3 < rank; d += 4) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = first; k < end; k++) {
        const r = residual[k];
        const source = partner[k] * rank + d;
        s0 += r * from[source];
        s1 += r * from[source + 1];
        s2 += r * from[source + 2];
        s3 += r * from[source + 3];
      }
      const at = n * rank + d;
      to[at] = scale * s0;
      to[at + 1] = scale * s1;
      to[at + 2] = scale * s2;
      to[at + 3] = scale * s3;
    }
    for (; d < rank; d++) {
      let sum = 0;
      for (let k = first; k < end; k++) sum += residual[k] * from[partner[k] * rank + d];
      to[n * rank + d] = scale * sum;
    }
  }
}

/**
 * Gram and Schmidt's columns in place, each book weighted by its ratings, through the Cholesky factor of the products;
 * returns the lengths before. Books without ratings become 0, and so do directions that are the sum of earlier ones.
 */
function orthonormal(book: Float64Array, bookStart: Int32Array, rank: number): Float64Array {
  const factor = products(book, bookStart, rank);
  const inverse = new Float64Array(rank);
  const length = new Float64Array(rank);
  for (let j = 0; j < rank; j++) {
    const row = packedSize(j);
    const whole = factor[row + j];
    for (let k = 0; k <= j; k++) {
      let sum = factor[row + k];
      for (let d = 0; d < k; d++) sum -= factor[row + d] * factor[packedSize(k) + d];
      factor[row + k] = k < j ? sum * inverse[k] : sum;
    }
    // below that share of its own square a rest is rounding alone
    const alive = factor[row + j] > 1e-12 * whole;
    length[j] = alive ? Math.sqrt(factor[row + j]) : 0;
    inverse[j] = alive ? 1 / length[j] : 0;
  }
  const change = inverseOfLower(factor, inverse);
  for (let at = 0, i = 0; at < book.length; at += rank, i++) {
    if (bookStart[i + 1] === bookStart[i]) {
      book.fill(0, at, at + rank);
      continue;
    }
    // the last first: each needs those before it as they were
    for (let j = rank - 1; j >= 0; j--) {
      let x = 0;
      for (let k = 0, t = packedSize(j); k <= j; k++) x += change[t++] * book[at + k];
      book[at + j] = x;
    }
  }
  return length;
}

/** Inverse of a lower triangle, packed, given the reciprocals of its diagonal; where one is 0, so is its row. */
function inverseOfLower(factor: Float64Array, reciprocal: Float64Array): Float64Array {
  const inverse = new Float64Array(factor.length);
  for (let j = 0; j < reciprocal.length; j++) {
    const row = packedSize(j);
    inverse[row + j] = reciprocal[j];
    for (let k = 0; k < j; k++) {
      let sum = 0;
      for (let d = k; d < j; d++) sum += factor[row + d] * inverse[packedSize(d) + k];
      inverse[row + k] = -reciprocal[j] * sum;
    }
  }
  return inverse;
}

/** Mean over the ratings of the products of two directions, K(K+1)/2 packed; four products at a time. */
function products(book: Float64Array, bookStart: Int32Array, rank: number): Float64Array {
  const sum = new Float64Array(packedSize(rank));
  const size = bookStart[bookStart.length - 1];
  for (let j = 0; j < rank; j += 2) {
    const next = Math.min(j + 1, rank - 1);
    for (let k = 0; k <= next; k += 2) {
      const other = Math.min(k + 1, rank - 1);
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let at = 0, i = 0; at < book.length; at += rank, i++) {
        const count = bookStart[i + 1] - bookStart[i];
        const one = count * book[at + j];
        const two = count * book[at + next];
        s0 += one * book[at + k];
        s1 += one * book[at + other];
        s2 += two * book[at + k];
        s3 += two * book[at + other];
      }
      for (const [row, column, s] of [
        [j, k, s0],
        [j, other, s1],
        [next, k, s2],
        [next, other, s3],
      ]) {
        if (column <= row) sum[packedSize(row) + column] = s / size;
      }
    }
  }
  return sum;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
