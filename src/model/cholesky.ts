/**
 * Cholesky factor of a symmetric positive definite n x n matrix, in place.
 * Reads the lower triangle of `a` (row-major, row stride n) and replaces it by L; the upper triangle is not touched.
 * Returns -1, or the row whose pivot is not positive. For small systems; large ones are for `DenseSystem`.
 */
export function cholesky(a: Float64Array, n: number): number {
  for (let j = 0; j < n; j++) {
    const row = j * n;
    const pivot = a[row + j] - dot(a, row, a, row, 0, j);
    if (!(pivot > 0 && pivot < Infinity)) return j;
    const root = Math.sqrt(pivot);
    a[row + j] = root;
    for (let i = j + 1; i < n; i++) {
      const at = i * n;
      a[at + j] = (a[at + j] - dot(a, row, a, at, 0, j)) / root;
    }
  }
  return -1;
}

/** Sum over k in [from, to) of x[xAt + k] y[yAt + k]. */
// eslint-disable-next-line max-params -- kernel: an object would be garbage
function dot(
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
  from: number,
  to: number,
): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += x[xAt + k] * y[yAt + k];
  return sum;
}

/** ln det of the matrix whose Cholesky factor is `l` (n x n, row-major). */
export function logDetOfFactor(l: Float64Array, n: number): number {
  let sum = 0;
  // a logarithm costs as much as ten products, which must stay within the range of numbers
  let product = 1;
  for (let i = 0; i < n; i++) {
    product *= l[i * n + i];
    if (product > 1e-100 && product < 1e100) continue;
    sum += Math.log(product);
    product = 1;
  }
  return 2 * (sum + Math.log(product));
}

/**
 * Inverse of the matrix whose Cholesky factor is `l`; both triangles of `out` (n x n) are written, `l` stays.
 * First Y = L^-T in the upper triangle of `out`, then Y Y^T, which is the inverse: both are sums along rows.
 */
export function invertFromFactor(l: Float64Array, n: number, out: Float64Array): void {
  out.fill(0, 0, n * n);
  for (let i = 0; i < n; i++) {
    const scale = -1 / l[i * n + i];
    for (let j = 0; j < i; j++) out[j * n + i] = scale * dot(l, i * n, out, j * n, j, i);
    out[i * n + i] = -scale;
  }
  for (let a = 0; a < n; a++) {
    const row = a * n;
    // row a of Y is needed right of a only, later
    for (let b = 0; b <= a; b++) out[row + b] = dot(out, row, out, b * n, a, n);
  }
  for (let a = 1; a < n; a++) for (let b = 0; b < a; b++) out[b * n + a] = out[a * n + b];
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
