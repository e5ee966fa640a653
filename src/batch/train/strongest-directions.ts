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

/** Directions of the rows from those of their partners: sums of residual times direction, shrunk; four ratings at a time. */
function shrunkenMeans(
  { start, partner, residual }: Rows,
  from: Float64Array,
  to: Float64Array,
  rank: number,
): void {
  const sum = new Float64Array(rank);
  for (let n = 0; n + 1 < start.length; n++) {
    sum.fill(0);
    const end = start[n + 1];
    let k = start[n];
    for (; k + 3 < end; k += 4) {
      const [r0, r1, r2, r3] = [residual[k], residual[k + 1], residual[k + 2], residual[k + 3]];
      let p0 = partner[k] * rank;
      let p1 = partner[k + 1] * rank;
      let p2 = partner[k + 2] * rank;
      let p3 = partner[k + 3] * rank;
      for (let d = 0; d < rank; d++) {
        sum[d] += r0 * from[p0++] + r1 * from[p1++] + (r2 * from[p2++] + r3 * from[p3++]);
      }
    }
    for (; k < end; k++) {
      const source = partner[k] * rank;
      for (let d = 0; d < rank; d++) sum[d] += residual[k] * from[source + d];
    }
    const scale = 1 / (end - start[n] + SHRINK);
    for (let d = 0; d < rank; d++) to[n * rank + d] = scale * sum[d];
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
  for (let at = 0, i = 0; at < book.length; at += rank, i++) {
    const rated = bookStart[i + 1] > bookStart[i];
    for (let j = 0; j < rank; j++) {
      let x = book[at + j];
      for (let k = 0; k < j; k++) x -= factor[packedSize(j) + k] * book[at + k];
      book[at + j] = rated ? x * inverse[j] : 0;
    }
  }
  return length;
}

/** Mean over the ratings of the products of two directions, K(K+1)/2 packed. */
function products(book: Float64Array, bookStart: Int32Array, rank: number): Float64Array {
  const sum = new Float64Array(packedSize(rank));
  for (let at = 0, i = 0; at < book.length; at += rank, i++) {
    const count = bookStart[i + 1] - bookStart[i];
    if (count === 0) continue;
    for (let j = 0, t = 0; j < rank; j++) {
      const scaled = count * book[at + j];
      for (let k = 0; k <= j; k++) sum[t++] += scaled * book[at + k];
    }
  }
  const size = bookStart[bookStart.length - 1];
  return sum.map((s) => s / size);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
