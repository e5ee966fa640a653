/**
 * Cholesky factor and inverse of one matrix in AssemblyScript: `cholesky` and `invertFromFactor` of cholesky.ts. Pointers are bytes, matrices row-major.
 * All sums run along rows, two numbers at a time, for tiles of four rows and two columns, so that a number that is read serves several sums.
 */

/** a b + c; in one rounding where the engine has relaxed SIMD. */
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** Sum of both numbers. */
function both(x: v128): f64 {
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
      for (let k: usize = 0; k < end; k += 16) {
        const x = v128.load(row + k);
        const y = v128.load(next + k);
        const b0 = v128.load(r0 + k);
        const b1 = v128.load(r1 + k);
        const b2 = v128.load(r2 + k);
        const b3 = v128.load(r3 + k);
        s0 = madd(b0, x, s0);
        s1 = madd(b1, x, s1);
        s2 = madd(b2, x, s2);
        s3 = madd(b3, x, s3);
        t0 = madd(b0, y, t0);
        t1 = madd(b1, y, t1);
        t2 = madd(b2, y, t2);
        t3 = madd(b3, y, t3);
      }
      settle(r0 + end, both(s0), both(t0), scale, link, nextScale);
      settle(r1 + end, both(s1), both(t1), scale, link, nextScale);
      settle(r2 + end, both(s2), both(t2), scale, link, nextScale);
      settle(r3 + end, both(s3), both(t3), scale, link, nextScale);
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
    // what lies left of a row's own column is 0
    for (let k = j << 3; k < end; k += 16) {
      const x = v128.load(row + k);
      const z = v128.load(next + k);
      const y0 = v128.load(r0 + k);
      const y1 = v128.load(r1 + k);
      const y2 = v128.load(r2 + k);
      const y3 = v128.load(r3 + k);
      s0 = madd(y0, x, s0);
      s1 = madd(y1, x, s1);
      s2 = madd(y2, x, s2);
      s3 = madd(y3, x, s3);
      t0 = madd(y0, z, t0);
      t1 = madd(y1, z, t1);
      t2 = madd(y2, z, t2);
      t3 = madd(y3, z, t3);
    }
    settleInverse(r0 + end, both(s0), both(t0), scale, link, nextScale);
    settleInverse(r1 + end, both(s1), both(t1), scale, link, nextScale);
    settleInverse(r2 + end, both(s2), both(t2), scale, link, nextScale);
    settleInverse(r3 + end, both(s3), both(t3), scale, link, nextScale);
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
  for (; b + 3 < a; b += 4) {
    const r0 = y + line * b;
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
    let k = from;
    for (; k + 8 < line; k += 16) {
      const x = v128.load(row + k);
      const z = v128.load(next + k);
      const y0 = v128.load(r0 + k);
      const y1 = v128.load(r1 + k);
      const y2 = v128.load(r2 + k);
      const y3 = v128.load(r3 + k);
      s0 = madd(y0, x, s0);
      s1 = madd(y1, x, s1);
      s2 = madd(y2, x, s2);
      s3 = madd(y3, x, s3);
      t0 = madd(y0, z, t0);
      t1 = madd(y1, z, t1);
      t2 = madd(y2, z, t2);
      t3 = madd(y3, z, t3);
    }
    const x = k < line ? load<f64>(row + k) : 0;
    const z = k < line ? load<f64>(next + k) : 0;
    for (let c: usize = 0; c < 4; c++) {
      const r = r0 + line * c;
      const s = both(c == 0 ? s0 : c == 1 ? s1 : c == 2 ? s2 : s3);
      const t = both(c == 0 ? t0 : c == 1 ? t1 : c == 2 ? t2 : t3);
      const last = k < line ? load<f64>(r + k) : 0;
      const to = row + ((b + c) << 3);
      store<f64>(to, s + x * last + first * load<f64>(r + at) + second * load<f64>(r + at, 8));
      store<f64>(to + line, t + z * last + nextFirst * load<f64>(r + at, 8));
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
