/**
 * Cholesky factor and inverse of one matrix in AssemblyScript: `cholesky` and `invertFromFactor` of cholesky.ts. Pointers are bytes, matrices row-major.
 * All sums run along rows, two numbers at a time, for tiles of four rows and two columns, so that a number that is read serves several sums.
 */

/** a b + c; in one rounding where the engine has relaxed SIMD. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** Sum of both numbers. */
export function both(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** Sum over the bytes [from, to) of the products of two rows. */
function dot(x: usize, y: usize, from: usize, to: usize): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  let k = from;
  for (; k + 24 < to; k += 32) {
    even = madd(v128.load(x + k), v128.load(y + k), even);
    odd = madd(v128.load(x + k, 16), v128.load(y + k, 16), odd);
  }
  for (; k + 8 < to; k += 16) even = madd(v128.load(x + k), v128.load(y + k), even);
  const sum = both(f64x2.add(even, odd));
  return k < to ? sum + load<f64>(x + k) * load<f64>(y + k) : sum;
}

/** Where `tile` leaves its sums: those of the first row with the four, then those of the second. */
const SUMS: usize = memory.data(64, 16);

/** Sums over the bytes [from, to) of the products of two rows with four that follow one another; an even number of numbers. */
function tile(x: usize, y: usize, r0: usize, line: usize, from: usize, to: usize): void {
  const r1 = r0 + line;
  const r2 = r1 + line;
  const r3 = r2 + line;
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let t0 = f64x2.splat(0);
  let t1 = f64x2.splat(0);
  let t2 = f64x2.splat(0);
  let t3 = f64x2.splat(0);
  for (let k = from; k < to; k += 16) {
    const a = v128.load(x + k);
    const b = v128.load(y + k);
    const n0 = v128.load(r0 + k);
    const n1 = v128.load(r1 + k);
    const n2 = v128.load(r2 + k);
    const n3 = v128.load(r3 + k);
    s0 = madd(n0, a, s0);
    s1 = madd(n1, a, s1);
    s2 = madd(n2, a, s2);
    s3 = madd(n3, a, s3);
    t0 = madd(n0, b, t0);
    t1 = madd(n1, b, t1);
    t2 = madd(n2, b, t2);
    t3 = madd(n3, b, t3);
  }
  store<f64>(SUMS, both(s0));
  store<f64>(SUMS, both(s1), 8);
  store<f64>(SUMS, both(s2), 16);
  store<f64>(SUMS, both(s3), 24);
  store<f64>(SUMS, both(t0), 32);
  store<f64>(SUMS, both(t1), 40);
  store<f64>(SUMS, both(t2), 48);
  store<f64>(SUMS, both(t3), 56);
}

function isPivot(x: f64): bool {
  return x > 0 && x < Infinity;
}

/** Cholesky factor in place of the lower triangle of the n x n matrix. Returns -1, or the row whose pivot is not positive. */
export function factorize(matrix: usize, n: usize): i32 {
  const line = n << 3;
  for (let j: usize = 0; j < n; j += 2) {
    const end = j << 3;
    const row = matrix + line * j;
    const pivot = load<f64>(row + end) - dot(row, row, 0, end);
    if (!isPivot(pivot)) return <i32>j;
    const root = Math.sqrt(pivot);
    store<f64>(row + end, root);
    if (j + 1 == n) return -1;
    const scale = 1 / root;
    const next = row + line;
    const link = (load<f64>(next + end) - dot(row, next, 0, end)) * scale;
    store<f64>(next + end, link);
    const nextPivot = load<f64>(next + end, 8) - dot(next, next, 0, end) - link * link;
    if (!isPivot(nextPivot)) return <i32>(j + 1);
    const nextRoot = Math.sqrt(nextPivot);
    store<f64>(next + end, nextRoot, 8);
    const nextScale = 1 / nextRoot;
    let i = j + 2;
    for (; i + 3 < n; i += 4) {
      const r0 = matrix + line * i;
      tile(row, next, r0, line, 0, end);
      for (let c: usize = 0; c < 4; c++) {
        const s = load<f64>(SUMS + (c << 3));
        const t = load<f64>(SUMS + (c << 3), 32);
        settle(r0 + line * c + end, s, t, scale, link, nextScale);
      }
    }
    for (; i < n; i++) {
      const r = matrix + line * i;
      settle(r + end, dot(row, r, 0, end), dot(next, r, 0, end), scale, link, nextScale);
    }
  }
  return -1;
}

/** Two numbers of a row of the factor from their sums over the columns before. */
function settle(at: usize, s: f64, t: f64, scale: f64, link: f64, nextScale: f64): void {
  const x = (load<f64>(at) - s) * scale;
  store<f64>(at, x);
  store<f64>(at, (load<f64>(at, 8) - t - x * link) * nextScale, 8);
}

/** Solves L L^T x = b in place of the n numbers at `x`: all sums and updates run along rows of L. */
export function solve(factor: usize, n: usize, x: usize): void {
  const line = n << 3;
  for (let i: usize = 0, row = factor; i < n; i++, row += line) {
    const end = i << 3;
    store<f64>(x + end, (load<f64>(x + end) - dot(row, x, 0, end)) / load<f64>(row + end));
  }
  for (let end = line; end > 0;) {
    end -= 8;
    const row = factor + end * n;
    const value = load<f64>(x + end) / load<f64>(row + end);
    store<f64>(x + end, value);
    const scale = f64x2.splat(-value);
    let k: usize = 0;
    for (; k + 8 < end; k += 16)
      v128.store(x + k, madd(scale, v128.load(row + k), v128.load(x + k)));
    if (k < end) store<f64>(x + k, load<f64>(x + k) - value * load<f64>(row + k));
  }
}

/** Inverse of the matrix whose Cholesky factor is at `factor`, both triangles, at `out`. */
export function invert(factor: usize, n: usize, out: usize): void {
  const line = n << 3;
  memory.fill(out, 0, n * line);
  for (let i: usize = 0; i < n; i += 2) transposed(factor, n, out, i);
  for (let a: usize = 0; a < n; a += 2) product(out, n, a);
  for (let a: usize = 1; a < n; a++) {
    const row = out + line * a;
    for (let b: usize = 0, to = out + (a << 3); b < a; b++, to += line) {
      store<f64>(to, load<f64>(row + (b << 3)));
    }
  }
}

/** Columns i and i + 1 of Y = L^-T, which is an upper triangle. */
function transposed(factor: usize, n: usize, y: usize, i: usize): void {
  const line = n << 3;
  const end = i << 3;
  const row = factor + line * i;
  const scale = -1 / load<f64>(row + end);
  store<f64>(y + line * i + end, -scale);
  if (i + 1 == n) {
    for (let j: usize = 0; j < i; j++) {
      const r = y + line * j;
      store<f64>(r + end, scale * dot(row, r, j << 3, end));
    }
    return;
  }
  const next = row + line;
  const nextScale = -1 / load<f64>(next + end, 8);
  const link = load<f64>(next + end);
  let j: usize = 0;
  for (; j + 3 < i; j += 4) {
    const r0 = y + line * j;
    // what lies left of a row's own column is 0
    tile(row, next, r0, line, j << 3, end);
    for (let c: usize = 0; c < 4; c++) {
      const s = load<f64>(SUMS + (c << 3));
      const t = load<f64>(SUMS + (c << 3), 32);
      settleInverse(r0 + line * c + end, s, t, scale, link, nextScale);
    }
  }
  for (; j < i; j++) {
    const r = y + line * j;
    const from = j << 3;
    settleInverse(r + end, dot(row, r, from, end), dot(next, r, from, end), scale, link, nextScale);
  }
  store<f64>(y + line * i + end, -scale * link * nextScale, 8);
  store<f64>(y + line * (i + 1) + end, -nextScale, 8);
}

function settleInverse(at: usize, s: f64, t: f64, scale: f64, link: f64, nextScale: f64): void {
  const x = s * scale;
  store<f64>(at, x);
  store<f64>(at, (t + x * link) * nextScale, 8);
}

/** Rows a and a + 1 of Y Y^T up to the diagonal, in the lower triangle of Y; row a of Y is needed right of a + 1 only, later. */
function product(y: usize, n: usize, a: usize): void {
  const line = n << 3;
  const at = a << 3;
  const row = y + line * a;
  if (a + 1 == n) {
    const last = load<f64>(row + at);
    for (let b: usize = 0; b <= a; b++) {
      store<f64>(row + (b << 3), last * load<f64>(y + line * b + at));
    }
    return;
  }
  const next = row + line;
  const first = load<f64>(row + at);
  const second = load<f64>(row + at, 8);
  const nextFirst = load<f64>(next + at, 8);
  const from = at + 16;
  let b: usize = 0;
  // a number without a pair at the end of the rows
  const last = line - (((n - a) & 1) << 3);
  const x = last < line ? load<f64>(row + last) : 0;
  const z = last < line ? load<f64>(next + last) : 0;
  for (; b + 3 < a; b += 4) {
    const r0 = y + line * b;
    tile(row, next, r0, line, from, last);
    for (let c: usize = 0; c < 4; c++) {
      const r = r0 + line * c;
      const end = last < line ? load<f64>(r + last) : 0;
      const s = load<f64>(SUMS + (c << 3)) + x * end;
      const t = load<f64>(SUMS + (c << 3), 32) + z * end;
      const to = row + ((b + c) << 3);
      store<f64>(to, s + first * load<f64>(r + at) + second * load<f64>(r + at, 8));
      store<f64>(to + line, t + nextFirst * load<f64>(r + at, 8));
    }
  }
  for (; b < a; b++) {
    const r = y + line * b;
    store<f64>(row + (b << 3), dot(row, r, at, line));
    store<f64>(next + (b << 3), dot(next, r, at + 8, line));
  }
  const diagonal = dot(row, row, at, line);
  store<f64>(next + at, dot(row, next, at + 8, line));
  store<f64>(next + at, dot(next, next, at + 8, line), 8);
  store<f64>(row + at, diagonal);
}
