import { grown } from './growable.ts';

const NONE = new Float64Array(0);

/**
 * A sparse accumulator over 0 .. size - 1: dense values, of which the first `head` always count, and the list of the others that were
 * written.
 */
export class SparseVector {
  head = 0;
  /** Entries behind the head: `index[0 .. count)`. */
  count = 0;
  index = new Int32Array(32);
  value = new Float64Array(32);
  private member = new Int32Array(32);

  /** Makes room for entries below `size`; the vector is empty afterwards. */
  reset(size: number, head = 0): void {
    this.clear();
    this.head = head;
    if (this.value.length >= size) return;
    this.index = grown(this.index, size);
    this.value = grown(this.value, size);
    this.member = grown(this.member, size);
  }

  clear(): void {
    this.value.fill(0, 0, this.head);
    for (let i = 0; i < this.count; i++) {
      this.value[this.index[i]] = 0;
      this.member[this.index[i]] = 0;
    }
    this.count = 0;
  }

  add(index: number, value: number): void {
    if (index >= this.head && this.member[index] === 0) {
      this.member[index] = 1;
      this.index[this.count++] = index;
    }
    this.value[index] += value;
  }

  /** v . dense */
  dot(dense: Float64Array): number {
    const { head, count, index, value } = this;
    let sum = 0;
    for (let a = 0; a < head; a++) sum += value[a] * dense[a];
    for (let i = 0; i < count; i++) sum += value[index[i]] * dense[index[i]];
    return sum;
  }

  /**
   * v^T M v of a symmetric matrix M with rows of `stride`. Of M v the first `rows` numbers, none behind the head, are written to
   * `out[at ..]`. All sums over the head run along rows of M.
   */
  quadraticForm(matrix: Float64Array, stride: number, rows = 0, out = NONE, at = 0): number {
    const { head, count, index, value } = this;
    let sum = 0;
    for (let a = 0, row = 0; a < head; a++, row += stride) {
      const own = value[a];
      let before = 0;
      for (let b = 0; b < a; b++) before += value[b] * matrix[row + b];
      sum += own * (2 * before + own * matrix[row + a]);
      if (a >= rows) continue;
      before += own * matrix[row + a];
      for (let b = a + 1; b < head; b++) before += value[b] * matrix[row + b];
      out[at + a] = before;
    }
    for (let i = 0; i < count; i++) {
      const row = index[i] * stride;
      const own = value[index[i]];
      let before = 0;
      for (let b = 0; b < head; b++) before += value[b] * matrix[row + b];
      for (let j = 0; j < i; j++) before += value[index[j]] * matrix[row + index[j]];
      sum += own * (2 * before + own * matrix[row + index[i]]);
      for (let a = 0; a < rows; a++) out[at + a] += own * matrix[row + a];
    }
    return sum;
  }
}
