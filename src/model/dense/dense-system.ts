import { BASE, type KernelExports, newKernel, reserveTo } from './kernel-memory.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;

/**
 * Room for one symmetric positive definite system after the other, with its factor and its inverse: in WebAssembly, since a
 * reader with hundreds of repeated labels costs as much as all others together. Same numbers as `cholesky` and
 * `invertFromFactor`, but for the last digits.
 */
export class DenseSystem {
  /** n x n row-major: the lower triangle of the system, or its Cholesky factor. Another array after `reserve`. */
  matrix = new Float64Array(0);
  /** n x n row-major, both triangles. Another array after `reserve`. */
  inverse = new Float64Array(0);
  private readonly exports: KernelExports;

  constructor() {
    this.exports = newKernel();
  }

  /** Makes room for systems of size n; what was there is lost where there was none. */
  reserve(n: number): void {
    const size = n * n;
    if (size <= this.matrix.length) return;
    const { memory } = this.exports;
    const room = Math.max(1024, 2 * size);
    reserveTo(memory, BASE + 2 * room * F64);
    this.matrix = new Float64Array(memory.buffer, BASE, room);
    this.inverse = new Float64Array(memory.buffer, BASE + room * F64, room);
  }

  /** Puts the Cholesky factor in the place of the lower triangle. Returns -1, or the row whose pivot is not positive. */
  factorize(n: number): number {
    // as dear as the call otherwise, and most readers have no more
    if (n === 1) return factorizeOne(this.matrix);
    return this.exports.factorize(this.matrix.byteOffset, n);
  }

  /** Writes the inverse of the system whose factor is in `matrix`. */
  invert(n: number): void {
    if (n === 1) this.inverse[0] = 1 / (this.matrix[0] * this.matrix[0]);
    else this.exports.invert(this.matrix.byteOffset, n, this.inverse.byteOffset);
  }
}

/** Of a system of one number. */
export function factorizeOne(matrix: Float64Array): number {
  const pivot = matrix[0];
  if (!(pivot > 0 && pivot < Infinity)) return 0;
  matrix[0] = Math.sqrt(pivot);
  return -1;
}
