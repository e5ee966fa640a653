/** Numbers by row, filled in two passes: `count` each, `start` once, `put` each; order is kept. */
export class SparseRows {
  /** Row starts, length rows + 1. */
  readonly offsets: Int32Array;
  indices = new Int32Array(0);
  #next = new Int32Array(0);

  constructor(rows: number) {
    this.offsets = new Int32Array(rows + 1);
  }

  count(row: number): void {
    this.offsets[row + 1] = (this.offsets[row + 1] ?? 0) + 1;
  }

  /** Ends the counting; returns the number of rows that hold something. */
  start(): number {
    let filled = 0;
    let total = 0;
    for (let n = 1; n < this.offsets.length; n++) {
      const size = this.offsets[n] ?? 0;
      if (size > 0) filled++;
      total += size;
      this.offsets[n] = total;
    }
    this.indices = new Int32Array(total);
    this.#next = this.offsets.slice();
    return filled;
  }

  put(row: number, value: number): void {
    const at = this.#next[row] ?? 0;
    this.indices[at] = value;
    this.#next[row] = at + 1;
  }
}
