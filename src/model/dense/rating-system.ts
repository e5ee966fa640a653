import { BASE, type KernelExports, newKernel, reserveTo } from './kernel-memory.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;

/** How much of everything one reader needs. */
export interface RatingSystemSize {
  /** n */
  readonly ratings: number;
  /** Rows that covariances are sums of products of. */
  readonly rows: number;
  readonly families: number;
  /** Columns of labels: at least one a family. */
  readonly slots: number;
}

/**
 * Room for one reader's ratings at a time, with what they covary by, the Cholesky factor of a matrix over them and its inverse, in
 * WebAssembly. Columns have n numbers, one a rating. All arrays are other ones after `reserve`.
 */
export class RatingSystem {
  /** Columns of the rows, and one more column that is multiplied with the inverse alone. */
  rows = new Float64Array(0);
  /** The inverse times each of these columns. */
  product = new Float64Array(0);
  /** By slot a column of labels, NaN for none; family f has the slots `slot[f] .. slot[f + 1]`. */
  labels = new Float64Array(0);
  slot = new Int32Array(0);
  /** By family a column of the weights of the labels, and the variance of the labels' effects. */
  weight = new Float64Array(0);
  variance = new Float64Array(0);
  /** n x n row-major: a lower triangle, or its Cholesky factor. */
  matrix = new Float64Array(0);
  /** n x n row-major, both triangles. */
  inverse = new Float64Array(0);
  /** By family three numbers, see `sumFamilies`. */
  sums = new Float64Array(0);
  private size: RatingSystemSize = { ratings: 0, rows: 0, families: 0, slots: 0 };
  private room: RatingSystemSize = { ratings: 0, rows: 0, families: 0, slots: 0 };
  private readonly exports: KernelExports;

  constructor() {
    this.exports = newKernel();
  }

  /** Makes room for one reader; what was there is lost where there was none. */
  reserve(size: RatingSystemSize): void {
    this.size = size;
    const { ratings, rows, families, slots } = this.room;
    if (
      ratings < size.ratings ||
      rows < size.rows ||
      families < size.families ||
      slots < size.slots
    ) {
      this.layOut({
        ratings: Math.max(2 * ratings, size.ratings, 32),
        rows: Math.max(rows, size.rows),
        families: Math.max(families, size.families),
        slots: Math.max(slots, size.slots),
      });
    }
  }

  private layOut(room: RatingSystemSize): void {
    const { memory } = this.exports;
    const { ratings, rows, families, slots } = room;
    const lengths = {
      rows: ratings * (rows + 1),
      product: ratings * (rows + 1),
      labels: ratings * slots,
      weight: ratings * families,
      variance: families,
      matrix: ratings * ratings,
      inverse: ratings * ratings,
      sums: 3 * families,
    };
    const total = Object.values(lengths).reduce((sum, length) => sum + length, 0);
    reserveTo(memory, BASE + total * F64 + (families + 1) * Int32Array.BYTES_PER_ELEMENT);
    let at = BASE;
    const next = (length: number): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(memory.buffer, at, length);
      at += array.byteLength;
      return array;
    };
    this.rows = next(lengths.rows);
    this.product = next(lengths.product);
    this.labels = next(lengths.labels);
    this.weight = next(lengths.weight);
    this.variance = next(lengths.variance);
    this.matrix = next(lengths.matrix);
    this.inverse = next(lengths.inverse);
    this.sums = next(lengths.sums);
    this.slot = new Int32Array(memory.buffer, at, families + 1);
    this.room = room;
  }

  /** Writes to `matrix` what the ratings covary by: products of the rows, and the variances of the labels that they share. */
  covary(): void {
    const { ratings, rows, families } = this.size;
    this.exports.covariances(
      ratings,
      this.rows.byteOffset,
      rows,
      this.labels.byteOffset,
      this.slot.byteOffset,
      families,
      this.weight.byteOffset,
      this.variance.byteOffset,
      this.matrix.byteOffset,
    );
  }

  /** Puts the Cholesky factor in the place of the lower triangle. Returns -1, or the row whose pivot is not positive. */
  factorize(): number {
    return this.exports.factorize(this.matrix.byteOffset, this.size.ratings);
  }

  /** Writes the inverse of the system whose factor is in `matrix`, and its products with the rows. */
  invert(): void {
    const { ratings, rows } = this.size;
    const { matrix, inverse, product } = this;
    this.exports.invert(matrix.byteOffset, ratings, inverse.byteOffset);
    this.exports.timesRows(
      ratings,
      inverse.byteOffset,
      this.rows.byteOffset,
      rows + 1,
      product.byteOffset,
    );
  }

  /**
   * With K the covariances by the labels of a family of variance one, and v the product of the inverse W and the last column: sum_kl W_kl K_kl,
   * sum_kl v_k v_l K_kl, and how many labels there are.
   */
  sumFamilies(): void {
    const { ratings, rows, families } = this.size;
    this.exports.familySums(
      ratings,
      this.labels.byteOffset,
      this.slot.byteOffset,
      families,
      this.weight.byteOffset,
      this.inverse.byteOffset,
      this.product.byteOffset + rows * ratings * F64,
      this.sums.byteOffset,
    );
  }
}
