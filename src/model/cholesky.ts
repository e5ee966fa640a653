/**
 * Cholesky factor of a symmetric positive definite n x n matrix, in place.
 * Reads the lower triangle of `a` (row-major, row stride n) and replaces it by L; the upper triangle is not touched.
 * Returns -1, or the row whose pivot is not positive. Rows go four at a time, since one sum waits for its own additions.
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
    let i = j + 1;
    for (; i + 3 < n; i += 4) {
      const row0 = i * n;
      const row1 = row0 + n;
      const row2 = row1 + n;
      const row3 = row2 + n;
      let sum0 = a[row0 + j];
      let sum1 = a[row1 + j];
      let sum2 = a[row2 + j];
      let sum3 = a[row3 + j];
      for (let k = 0; k < j; k++) {
        const by = a[rowJ + k];
        sum0 -= a[row0 + k] * by;
        sum1 -= a[row1 + k] * by;
        sum2 -= a[row2 + k] * by;
        sum3 -= a[row3 + k] * by;
      }
      a[row0 + j] = sum0 * scale;
      a[row1 + j] = sum1 * scale;
      a[row2 + j] = sum2 * scale;
      a[row3 + j] = sum3 * scale;
    }
    for (; i < n; i++) {
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
    // column j of L lies in row j of `out` until the row's own numbers are known
    for (let k = j + 1; k < n; k++) out[rowJ + k] = l[k * n + j];
    invertColumn(out, n, j, scale);
    let sum = 0;
    for (let k = j + 1; k < n; k++) {
      const value = out[k * n + j];
      sum += out[rowJ + k] * value;
      out[rowJ + k] = value;
    }
    out[rowJ + j] = (scale - sum) * scale;
  }
}

/** Column j below the diagonal, of the inverse right of it and column j of L in row j; four rows at a time. */
function invertColumn(out: Float64Array, n: number, j: number, scale: number): void {
  const rowJ = j * n;
  let i = j + 1;
  for (; i + 3 < n; i += 4) {
    const row0 = i * n;
    const row1 = row0 + n;
    const row2 = row1 + n;
    const row3 = row2 + n;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let k = j + 1; k < n; k++) {
      const by = out[rowJ + k];
      sum0 += by * out[row0 + k];
      sum1 += by * out[row1 + k];
      sum2 += by * out[row2 + k];
      sum3 += by * out[row3 + k];
    }
    out[row0 + j] = -sum0 * scale;
    out[row1 + j] = -sum1 * scale;
    out[row2 + j] = -sum2 * scale;
    out[row3 + j] = -sum3 * scale;
  }
  for (; i < n; i++) {
    const rowI = i * n;
    let sum = 0;
    for (let k = j + 1; k < n; k++) sum += out[rowJ + k] * out[rowI + k];
    out[rowI + j] = -sum * scale;
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
