/**
 * Cholesky factor of a symmetric positive definite n x n matrix, in place.
 * Reads the lower triangle of `a` (row-major, row stride n) and replaces it by L; the upper triangle is not touched.
 * Returns -1, or the row whose pivot is not positive.
 */
export function cholesky(a: Float64Array, n: number): number {
  for (let j = 0; j < n; j++) {
    const rowJ = j * n;
    let pivot = a[rowJ + j];
    for (let k = 0; k < j; k++) pivot -= a[rowJ + k] * a[rowJ + k];
    if (!(pivot > 0) || pivot === Infinity) return j;
    const root = Math.sqrt(pivot);
    a[rowJ + j] = root;
    const scale = 1 / root;
    for (let i = j + 1; i < n; i++) {
      const rowI = i * n;
      let sum = a[rowI + j];
      for (let k = 0; k < j; k++) sum -= a[rowI + k] * a[rowJ + k];
      a[rowI + j] = sum * scale;
    }
  }
  return -1;
}

/** ln det of the matrix whose Cholesky factor is `l` (n x n, row-major). */
export function logDetOfFactor(l: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]);
  return 2 * sum;
}

/**
 * Inverse of the matrix whose Cholesky factor is `l`, column by column from the last; both triangles of `out`
 * (n x n) are written, `l` stays. The recurrence is Takahashi's: L^T S = L^-1, of which only the diagonal matters.
 */
export function invertFromFactor(l: Float64Array, n: number, out: Float64Array): void {
  for (let j = n - 1; j >= 0; j--) {
    const rowJ = j * n;
    const scale = 1 / l[rowJ + j];
    for (let i = n - 1; i > j; i--) {
      const rowI = i * n;
      let sum = 0;
      for (let k = j + 1; k < n; k++) sum += l[k * n + j] * out[rowI + k];
      out[rowI + j] = -sum * scale;
      out[rowJ + i] = -sum * scale;
    }
    let sum = 0;
    for (let k = j + 1; k < n; k++) sum += l[k * n + j] * out[rowJ + k];
    out[rowJ + j] = (scale - sum) * scale;
  }
}

/** Solves L L^T x = b in place of `x`, given the factor `l` (n x n, row-major). */
export function solveWithFactor(l: Float64Array, n: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= l[i * n + k] * x[k];
    x[i] = sum / l[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * x[k];
    x[i] = sum / l[i * n + i];
  }
}

/** Numbers in the packed lower triangle of a d x d matrix. */
export function packedSize(d: number): number {
  return (d * (d + 1)) / 2;
}
