/**
 * Cholesky factor of a symmetric positive definite n x n matrix, in place.
 * Reads the lower triangle of `a` (row-major, row stride n) and replaces it by L; the upper triangle is not touched.
 * Returns -1, or the row whose pivot is not positive. Columns go two and rows four at a time, so that a number that is
 * read serves several sums, none of which waits for another.
 */
export function cholesky(a: Float64Array, n: number): number {
  for (let j = 0; j < n; j += 2) {
    const row = j * n;
    const pivot = a[row + j] - squares(a, row, j);
    if (!isPivot(pivot)) return j;
    const root = Math.sqrt(pivot);
    a[row + j] = root;
    if (j + 1 === n) return -1;
    const next = row + n;
    const link = (a[next + j] - dot(a, row, a, next, 0, j)) / root;
    a[next + j] = link;
    const nextPivot = a[next + j + 1] - squares(a, next, j + 1);
    if (!isPivot(nextPivot)) return j + 1;
    const nextRoot = Math.sqrt(nextPivot);
    a[next + j + 1] = nextRoot;
    twoColumns(a, n, j, 1 / root, link, 1 / nextRoot);
  }
  return -1;
}

function isPivot(value: number): boolean {
  return value > 0 && value < Infinity;
}

/** Columns j and j + 1 below row j + 1, given the scales of their pivots and the number that links them. */
// eslint-disable-next-line max-params -- kernel: an object would be garbage
function twoColumns(
  a: Float64Array,
  n: number,
  j: number,
  scale: number,
  link: number,
  nextScale: number,
): void {
  const row = j * n;
  const next = row + n;
  let i = j + 2;
  for (; i + 3 < n; i += 4) {
    const r0 = i * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    let s0 = a[r0 + j];
    let s1 = a[r1 + j];
    let s2 = a[r2 + j];
    let s3 = a[r3 + j];
    let t0 = a[r0 + j + 1];
    let t1 = a[r1 + j + 1];
    let t2 = a[r2 + j + 1];
    let t3 = a[r3 + j + 1];
    for (let k = 0; k < j; k++) {
      const x = a[row + k];
      const y = a[next + k];
      const b0 = a[r0 + k];
      const b1 = a[r1 + k];
      const b2 = a[r2 + k];
      const b3 = a[r3 + k];
      s0 -= b0 * x;
      s1 -= b1 * x;
      s2 -= b2 * x;
      s3 -= b3 * x;
      t0 -= b0 * y;
      t1 -= b1 * y;
      t2 -= b2 * y;
      t3 -= b3 * y;
    }
    a[r0 + j] = s0 *= scale;
    a[r1 + j] = s1 *= scale;
    a[r2 + j] = s2 *= scale;
    a[r3 + j] = s3 *= scale;
    a[r0 + j + 1] = (t0 - s0 * link) * nextScale;
    a[r1 + j + 1] = (t1 - s1 * link) * nextScale;
    a[r2 + j + 1] = (t2 - s2 * link) * nextScale;
    a[r3 + j + 1] = (t3 - s3 * link) * nextScale;
  }
  for (; i < n; i++) {
    const r = i * n;
    const s = (a[r + j] - dot(a, row, a, r, 0, j)) * scale;
    a[r + j] = s;
    a[r + j + 1] = (a[r + j + 1] - dot(a, next, a, r, 0, j) - s * link) * nextScale;
  }
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

function squares(a: Float64Array, at: number, length: number): number {
  return dot(a, at, a, at, 0, length);
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
  for (let i = 0; i < n; i += 2) {
    const scale = -1 / l[i * n + i];
    if (i + 1 < n) twoColumnsOfInverse(l, n, out, i, scale, -1 / l[(i + 1) * n + i + 1]);
    else for (let j = 0; j < i; j++) out[j * n + i] = scale * dot(l, i * n, out, j * n, j, i);
    out[i * n + i] = -scale;
  }
  for (let a = 0; a < n; a += 2) {
    const row = a * n;
    if (a + 1 < n) twoRowsOfProduct(out, n, a);
    else for (let b = 0; b <= a; b++) out[row + b] = out[row + a] * out[b * n + a];
  }
  for (let a = 1; a < n; a++) for (let b = 0; b < a; b++) out[b * n + a] = out[a * n + b];
}

/** Columns i and i + 1 of Y = L^-T above row i; the scales are -1 / the pivots. */
// eslint-disable-next-line max-params -- kernel: an object would be garbage
function twoColumnsOfInverse(
  l: Float64Array,
  n: number,
  y: Float64Array,
  i: number,
  scale: number,
  nextScale: number,
): void {
  const row = i * n;
  const next = row + n;
  const link = l[next + i];
  let j = 0;
  for (; j + 3 < i; j += 4) {
    const r0 = j * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let t0 = 0;
    let t1 = 0;
    let t2 = 0;
    let t3 = 0;
    // what lies left of a row's own column is 0
    for (let k = j; k < i; k++) {
      const x = l[row + k];
      const z = l[next + k];
      const y0 = y[r0 + k];
      const y1 = y[r1 + k];
      const y2 = y[r2 + k];
      const y3 = y[r3 + k];
      s0 += y0 * x;
      s1 += y1 * x;
      s2 += y2 * x;
      s3 += y3 * x;
      t0 += y0 * z;
      t1 += y1 * z;
      t2 += y2 * z;
      t3 += y3 * z;
    }
    y[r0 + i] = s0 *= scale;
    y[r1 + i] = s1 *= scale;
    y[r2 + i] = s2 *= scale;
    y[r3 + i] = s3 *= scale;
    y[r0 + i + 1] = (t0 + s0 * link) * nextScale;
    y[r1 + i + 1] = (t1 + s1 * link) * nextScale;
    y[r2 + i + 1] = (t2 + s2 * link) * nextScale;
    y[r3 + i + 1] = (t3 + s3 * link) * nextScale;
  }
  for (; j < i; j++) {
    const s = scale * dot(l, row, y, j * n, j, i);
    y[j * n + i] = s;
    y[j * n + i + 1] = (dot(l, next, y, j * n, j, i) + s * link) * nextScale;
  }
  y[row + i + 1] = -scale * link * nextScale;
  y[next + i + 1] = -nextScale;
}

/** Rows a and a + 1 of Y Y^T up to the diagonal, in the lower triangle of Y; row a of Y is needed right of a + 1 only, later. */
function twoRowsOfProduct(y: Float64Array, n: number, a: number): void {
  const row = a * n;
  const next = row + n;
  let b = 0;
  for (; b + 3 < a; b += 4) {
    const r0 = b * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    const first = y[row + a];
    let s0 = first * y[r0 + a];
    let s1 = first * y[r1 + a];
    let s2 = first * y[r2 + a];
    let s3 = first * y[r3 + a];
    let t0 = 0;
    let t1 = 0;
    let t2 = 0;
    let t3 = 0;
    for (let k = a + 1; k < n; k++) {
      const x = y[row + k];
      const z = y[next + k];
      const y0 = y[r0 + k];
      const y1 = y[r1 + k];
      const y2 = y[r2 + k];
      const y3 = y[r3 + k];
      s0 += y0 * x;
      s1 += y1 * x;
      s2 += y2 * x;
      s3 += y3 * x;
      t0 += y0 * z;
      t1 += y1 * z;
      t2 += y2 * z;
      t3 += y3 * z;
    }
    y[row + b] = s0;
    y[row + b + 1] = s1;
    y[row + b + 2] = s2;
    y[row + b + 3] = s3;
    y[next + b] = t0;
    y[next + b + 1] = t1;
    y[next + b + 2] = t2;
    y[next + b + 3] = t3;
  }
  for (; b < a; b++) {
    y[row + b] = dot(y, row, y, b * n, a, n);
    y[next + b] = dot(y, next, y, b * n, a + 1, n);
  }
  const diagonal = dot(y, row, y, row, a, n);
  y[next + a] = dot(y, row, y, next, a + 1, n);
  y[next + a + 1] = dot(y, next, y, next, a + 1, n);
  y[row + a] = diagonal;
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
