import { grown } from './growable.ts';

/** A sparse accumulator over 0 .. size - 1: dense values and the list of entries that were written. */
export class SparseVector {
  count = 0;
  index = new Int32Array(32);
  value = new Float64Array(32);
  private member = new Int32Array(32);

  /** Makes room for entries below `size`; the vector is empty afterwards. */
  reset(size: number): void {
    this.clear();
    if (this.value.length >= size) return;
    this.index = grown(this.index, size);
    this.value = grown(this.value, size);
    this.member = grown(this.member, size);
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) {
      this.value[this.index[i]] = 0;
      this.member[this.index[i]] = 0;
    }
    this.count = 0;
  }

  add(index: number, value: number): void {
    if (this.member[index] === 0) {
      this.member[index] = 1;
      this.index[this.count++] = index;
    }
    this.value[index] += value;
  }

  /** v . dense */
  dot(dense: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += this.value[this.index[i]] * dense[this.index[i]];
    return sum;
  }

  /** Row `row` of the symmetric `matrix` (row stride `stride`) times v. */
  rowDot(matrix: Float64Array, stride: number, row: number): number {
    let sum = 0;
    const base = row * stride;
    for (let i = 0; i < this.count; i++)
      sum += this.value[this.index[i]] * matrix[base + this.index[i]];
    return sum;
  }

  /** v^T matrix v of a symmetric matrix. */
  quadraticForm(matrix: Float64Array, stride: number): number {
    const { count, index, value } = this;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const row = index[i] * stride;
      const own = value[index[i]];
      let before = 0;
      for (let j = 0; j < i; j++) before += value[index[j]] * matrix[row + index[j]];
      sum += own * (2 * before + own * matrix[row + index[i]]);
    }
    return sum;
  }
}
