import { factorizeOne } from './dense-system.ts';
import { BASE, type KernelExports, newKernel, reserveTo } from './kernel-memory.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;

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
  /** n, the rows that covariances are sums of products of, and the families. */
  private ratings = 0;
  private rowCount = 0;
  private families = 0;
  /** Most of each, and most slots, that there is room for. */
  private room = { ratings: 0, rows: 0, families: 0, slots: 0 };
  private readonly exports: KernelExports;

  constructor() {
    this.exports = newKernel();
  }

  /** Makes room for one reader; what was there is lost where there was none. `slots` says how many each family has. */
  reserve(ratings: number, rows: number, slots: Int32Array): void {
    const { room } = this;
    const families = slots.length;
    let total = 0;
    for (let f = 0; f < families; f++) total += slots[f];
    if (
      room.ratings < ratings ||
      room.rows < rows ||
      room.families < families ||
      room.slots < total
    ) {
      this.layOut(
        ratings > room.ratings ? Math.max(2 * room.ratings, ratings, 32) : room.ratings,
        Math.max(rows, room.rows),
        Math.max(families, room.families),
        Math.max(total, room.slots),
      );
    }
    this.ratings = ratings;
    this.rowCount = rows;
    this.families = families;
    for (let f = 0; f < families; f++) this.slot[f + 1] = this.slot[f] + slots[f];
  }

  private layOut(ratings: number, rows: number, families: number, slots: number): void {
    const { memory } = this.exports;
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
    this.room = { ratings, rows, families, slots };
  }

  /** Writes to `matrix` what the ratings covary by: products of the rows, and the variances of the labels that they share. */
  covary(): void {
    if (this.ratings === 1) this.covaryOne();
    else {
      this.exports.covariances(
        this.ratings,
        this.rows.byteOffset,
        this.rowCount,
        this.labels.byteOffset,
        this.slot.byteOffset,
        this.families,
        this.weight.byteOffset,
        this.variance.byteOffset,
        this.matrix.byteOffset,
      );
    }
  }

  /** Of one rating, which most readers have: calls of the kernel would be dearer than all that it does. */
  private covaryOne(): void {
    const { rows, rowCount, families, variance } = this;
    let sum = 0;
    for (let r = 0; r < rowCount; r++) sum += rows[r] * rows[r];
    for (let f = 0; f < families; f++)
      sum += this.labelsOfOne(f) * this.weight[f] ** 2 * variance[f];
    this.matrix[0] = sum;
  }

  /** Labels of family f that the one rating has. */
  private labelsOfOne(f: number): number {
    const { labels, slot } = this;
    let count = 0;
    for (let s = slot[f]; s < slot[f + 1]; s++) if (!Number.isNaN(labels[s])) count++;
    return count;
  }

  /** Puts the Cholesky factor in the place of the lower triangle. Returns -1, or the row whose pivot is not positive. */
  factorize(): number {
    if (this.ratings === 1) return factorizeOne(this.matrix);
    return this.exports.factorize(this.matrix.byteOffset, this.ratings);
  }

  /** Puts the factored matrix's inverse times the last column in the place of that column. */
  solve(): void {
    const { ratings, rowCount, matrix, rows } = this;
    this.exports.solve(matrix.byteOffset, ratings, rows.byteOffset + rowCount * ratings * F64);
  }

  /** Writes the inverse of the system whose factor is in `matrix`, and its products with the rows. */
  invert(): void {
    const { ratings, rowCount, matrix, inverse, rows, product } = this;
    if (ratings === 1) {
      inverse[0] = 1 / (matrix[0] * matrix[0]);
      for (let r = 0; r <= rowCount; r++) product[r] = inverse[0] * rows[r];
      return;
    }
    const { exports } = this;
    exports.invert(matrix.byteOffset, ratings, inverse.byteOffset);
    const [from, to] = [rows.byteOffset, product.byteOffset];
    exports.timesRows(ratings, inverse.byteOffset, from, rowCount + 1, to);
  }

  /**
   * With K the covariances by the labels of a family of variance one, and v the product of the inverse W and the last column: sum_kl W_kl K_kl,
   * sum_kl v_k v_l K_kl, and how many labels there are.
   */
  sumFamilies(): void {
    const { ratings, rowCount, families } = this;
    if (ratings === 1) {
      this.sumFamiliesOfOne();
      return;
    }
    this.exports.familySums(
      ratings,
      this.labels.byteOffset,
      this.slot.byteOffset,
      families,
      this.weight.byteOffset,
      this.inverse.byteOffset,
      this.product.byteOffset + rowCount * ratings * F64,
      this.sums.byteOffset,
    );
  }

  private sumFamiliesOfOne(): void {
    const { families, inverse, product, rowCount, weight, sums } = this;
    for (let f = 0; f < families; f++) {
      const count = this.labelsOfOne(f);
      const own = count * weight[f] * weight[f];
      sums[3 * f] = own * inverse[0];
      sums[3 * f + 1] = own * product[rowCount] ** 2;
      sums[3 * f + 2] = count;
    }
  }
}
