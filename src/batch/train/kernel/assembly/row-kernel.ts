/**
 * The row step in AssemblyScript: weighted sums over the records of a row's partners, then two rows at once through
 * Cholesky factor, inverse, mean and expected squares. `kernel-memory.ts` says what a record holds, `wasm-row-step.ts`
 * calls. All pointers are bytes; matrices of a pair hold both rows' numbers side by side in 16 bytes.
 */

/** a b + c; in one rounding where the engine has relaxed SIMD. */
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** c - a b */
function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_nmadd(a, b, c);
  return f64x2.sub(c, f64x2.mul(a, b));
}

/** a b + c of four. */
function madd4(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Adds two numbers to those at `to`. */
function addTo(to: usize, x: v128): void {
  v128.store(to, f64x2.add(v128.load(to), x));
}

/** Adds four f32 to the four f64 at `to`. */
function addWide(to: usize, x: v128): void {
  addTo(to, f64x2.promote_low_f32x4(x));
  addTo(to + 16, f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1)));
}

/** Record of rating k, or the record of zeros behind the last where the row has ended. */
function recordOf(
  records: usize,
  bytes: usize,
  partner: usize,
  k: usize,
  n: usize,
  zero: usize,
): usize {
  return records + (k < n ? <usize>load<u32>(partner + (k << 2)) : zero) * bytes;
}

/**
 * Adds the f32 records of a row's n partners to the f64 sums at `sums`, and those of the first `head` bytes, times the
 * rating less `offset`, to the sums at `lead`. Returns the sum of weight (rating - offset)^2. Eight ratings are added up
 * before they are widened. Columns `partner` and `value` may be read seven places behind the row.
 */
export function sum32(
  records: usize,
  bytes: usize,
  zero: usize,
  head: usize,
  partner: usize,
  value: usize,
  n: usize,
  offset: f64,
  sums: usize,
  lead: usize,
): f64 {
  let squares: f64 = 0;
  for (let k: usize = 0; k < n; k += 8) {
    const p0 = recordOf(records, bytes, partner, k, n, zero);
    const p1 = recordOf(records, bytes, partner, k + 1, n, zero);
    const p2 = recordOf(records, bytes, partner, k + 2, n, zero);
    const p3 = recordOf(records, bytes, partner, k + 3, n, zero);
    const p4 = recordOf(records, bytes, partner, k + 4, n, zero);
    const p5 = recordOf(records, bytes, partner, k + 5, n, zero);
    const p6 = recordOf(records, bytes, partner, k + 6, n, zero);
    const p7 = recordOf(records, bytes, partner, k + 7, n, zero);
    const at = value + (k << 2);
    const r0 = <f64>load<f32>(at) - offset;
    const r1 = <f64>load<f32>(at, 4) - offset;
    const r2 = <f64>load<f32>(at, 8) - offset;
    const r3 = <f64>load<f32>(at, 12) - offset;
    const r4 = <f64>load<f32>(at, 16) - offset;
    const r5 = <f64>load<f32>(at, 20) - offset;
    const r6 = <f64>load<f32>(at, 24) - offset;
    const r7 = <f64>load<f32>(at, 28) - offset;
    squares +=
      <f64>load<f32>(p0, 4) * r0 * r0 +
      <f64>load<f32>(p1, 4) * r1 * r1 +
      <f64>load<f32>(p2, 4) * r2 * r2 +
      <f64>load<f32>(p3, 4) * r3 * r3 +
      <f64>load<f32>(p4, 4) * r4 * r4 +
      <f64>load<f32>(p5, 4) * r5 * r5 +
      <f64>load<f32>(p6, 4) * r6 * r6 +
      <f64>load<f32>(p7, 4) * r7 * r7;
    const v0 = f32x4.splat(<f32>r0);
    const v1 = f32x4.splat(<f32>r1);
    const v2 = f32x4.splat(<f32>r2);
    const v3 = f32x4.splat(<f32>r3);
    const v4 = f32x4.splat(<f32>r4);
    const v5 = f32x4.splat(<f32>r5);
    const v6 = f32x4.splat(<f32>r6);
    const v7 = f32x4.splat(<f32>r7);
    for (let e: usize = 0; e < head; e += 16) {
      let even = f32x4.mul(v128.load(p0 + e), v0);
      let odd = f32x4.mul(v128.load(p1 + e), v1);
      even = madd4(v128.load(p2 + e), v2, even);
      odd = madd4(v128.load(p3 + e), v3, odd);
      even = madd4(v128.load(p4 + e), v4, even);
      odd = madd4(v128.load(p5 + e), v5, odd);
      even = madd4(v128.load(p6 + e), v6, even);
      odd = madd4(v128.load(p7 + e), v7, odd);
      addWide(lead + (e << 1), f32x4.add(even, odd));
    }
    for (let e: usize = 0; e < bytes; e += 16) {
      const low = f32x4.add(
        f32x4.add(v128.load(p0 + e), v128.load(p1 + e)),
        f32x4.add(v128.load(p2 + e), v128.load(p3 + e)),
      );
      const high = f32x4.add(
        f32x4.add(v128.load(p4 + e), v128.load(p5 + e)),
        f32x4.add(v128.load(p6 + e), v128.load(p7 + e)),
      );
      addWide(sums + (e << 1), f32x4.add(low, high));
    }
  }
  return squares;
}

/** The same of f64 records and values, four ratings at a time. */
export function sum64(
  records: usize,
  bytes: usize,
  zero: usize,
  head: usize,
  partner: usize,
  value: usize,
  n: usize,
  offset: f64,
  sums: usize,
  lead: usize,
): f64 {
  let squares: f64 = 0;
  for (let k: usize = 0; k < n; k += 4) {
    const p0 = recordOf(records, bytes, partner, k, n, zero);
    const p1 = recordOf(records, bytes, partner, k + 1, n, zero);
    const p2 = recordOf(records, bytes, partner, k + 2, n, zero);
    const p3 = recordOf(records, bytes, partner, k + 3, n, zero);
    const at = value + (k << 3);
    const r0 = load<f64>(at) - offset;
    const r1 = load<f64>(at, 8) - offset;
    const r2 = load<f64>(at, 16) - offset;
    const r3 = load<f64>(at, 24) - offset;
    squares +=
      load<f64>(p0, 8) * r0 * r0 +
      load<f64>(p1, 8) * r1 * r1 +
      load<f64>(p2, 8) * r2 * r2 +
      load<f64>(p3, 8) * r3 * r3;
    const v0 = f64x2.splat(r0);
    const v1 = f64x2.splat(r1);
    const v2 = f64x2.splat(r2);
    const v3 = f64x2.splat(r3);
    for (let e: usize = 0; e < head; e += 16) {
      const even = madd(v128.load(p2 + e), v2, f64x2.mul(v128.load(p0 + e), v0));
      const odd = madd(v128.load(p3 + e), v3, f64x2.mul(v128.load(p1 + e), v1));
      addTo(lead + e, f64x2.add(even, odd));
    }
    for (let e: usize = 0; e < bytes; e += 16) {
      addTo(
        sums + e,
        f64x2.add(
          f64x2.add(v128.load(p0 + e), v128.load(p1 + e)),
          f64x2.add(v128.load(p2 + e), v128.load(p3 + e)),
        ),
      );
    }
  }
  return squares;
}

/** The numbers at two places as a pair. */
function pair(a: usize, b: usize): v128 {
  return v128.load64_lane(b, v128.load64_splat(a), 1);
}

/** Sum of the products of the pairs at `a` and `b`, `bytes` long; in four sums, since one would wait for itself. */
function dot(a: usize, b: usize, bytes: usize): v128 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let k: usize = 0;
  for (; k + 48 < bytes; k += 64) {
    s0 = madd(v128.load(a + k), v128.load(b + k), s0);
    s1 = madd(v128.load(a + k, 16), v128.load(b + k, 16), s1);
    s2 = madd(v128.load(a + k, 32), v128.load(b + k, 32), s2);
    s3 = madd(v128.load(a + k, 48), v128.load(b + k, 48), s3);
  }
  for (; k < bytes; k += 16) s0 = madd(v128.load(a + k), v128.load(b + k), s0);
  return f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
}

/** The same where the numbers at `a` stand for both of a pair, and `bytes` counts those at `b`. */
function dotOfOne(a: usize, b: usize, bytes: usize): v128 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let k: usize = 0;
  for (; k + 48 < bytes; k += 64, a += 32) {
    s0 = madd(v128.load64_splat(a), v128.load(b + k), s0);
    s1 = madd(v128.load64_splat(a, 8), v128.load(b + k, 16), s1);
    s2 = madd(v128.load64_splat(a, 16), v128.load(b + k, 32), s2);
    s3 = madd(v128.load64_splat(a, 24), v128.load(b + k, 48), s3);
  }
  for (; k < bytes; k += 16, a += 8) s0 = madd(v128.load64_splat(a), v128.load(b + k), s0);
  return f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
}

/** Stores a number of the factor, and takes its square from the pivot of its row. */
function settle(at: usize, pivot: usize, x: v128): void {
  v128.store(at, x);
  v128.store(pivot, nmadd(x, x, v128.load(pivot)));
}

/**
 * Cholesky factor in place of the lower triangles of a pair of n x n matrices; the inverses of the pivots' roots go to
 * `roots`, the pivots to `pivots`. Returns -1, or the row whose pivot is not positive: twice it, plus 1 for the second.
 */
function cholesky(matrix: usize, n: usize, roots: usize, pivots: usize): i32 {
  const line = n << 4;
  for (let j: usize = 0; j < n; j++) {
    const rj = matrix + line * j;
    const end = j << 4;
    // what the columns before take from it is gone already
    const pivot = v128.load(rj + end);
    const first = f64x2.extract_lane(pivot, 0);
    if (!(first > 0) || first == Infinity) return <i32>(j << 1);
    const second = f64x2.extract_lane(pivot, 1);
    if (!(second > 0) || second == Infinity) return <i32>((j << 1) + 1);
    v128.store(pivots + end, pivot);
    const root = f64x2.sqrt(pivot);
    const scale = f64x2.div(f64x2.splat(1), root);
    v128.store(rj + end, root);
    v128.store(roots + end, scale);
    let i = j + 1;
    for (; i + 7 < n; i += 8) {
      const r0 = matrix + line * i;
      const r1 = r0 + line;
      const r2 = r1 + line;
      const r3 = r2 + line;
      const r4 = r3 + line;
      const r5 = r4 + line;
      const r6 = r5 + line;
      const r7 = r6 + line;
      let s0 = v128.load(r0 + end);
      let s1 = v128.load(r1 + end);
      let s2 = v128.load(r2 + end);
      let s3 = v128.load(r3 + end);
      let s4 = v128.load(r4 + end);
      let s5 = v128.load(r5 + end);
      let s6 = v128.load(r6 + end);
      let s7 = v128.load(r7 + end);
      for (let k: usize = 0; k < end; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd(v128.load(r0 + k), by, s0);
        s1 = nmadd(v128.load(r1 + k), by, s1);
        s2 = nmadd(v128.load(r2 + k), by, s2);
        s3 = nmadd(v128.load(r3 + k), by, s3);
        s4 = nmadd(v128.load(r4 + k), by, s4);
        s5 = nmadd(v128.load(r5 + k), by, s5);
        s6 = nmadd(v128.load(r6 + k), by, s6);
        s7 = nmadd(v128.load(r7 + k), by, s7);
      }
      const own = i << 4;
      settle(r0 + end, r0 + own + 0, f64x2.mul(s0, scale));
      settle(r1 + end, r1 + own + 16, f64x2.mul(s1, scale));
      settle(r2 + end, r2 + own + 32, f64x2.mul(s2, scale));
      settle(r3 + end, r3 + own + 48, f64x2.mul(s3, scale));
      settle(r4 + end, r4 + own + 64, f64x2.mul(s4, scale));
      settle(r5 + end, r5 + own + 80, f64x2.mul(s5, scale));
      settle(r6 + end, r6 + own + 96, f64x2.mul(s6, scale));
      settle(r7 + end, r7 + own + 112, f64x2.mul(s7, scale));
    }
    for (; i + 3 < n; i += 4) {
      const r0 = matrix + line * i;
      const r1 = r0 + line;
      const r2 = r1 + line;
      const r3 = r2 + line;
      let s0 = v128.load(r0 + end);
      let s1 = v128.load(r1 + end);
      let s2 = v128.load(r2 + end);
      let s3 = v128.load(r3 + end);
      for (let k: usize = 0; k < end; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd(v128.load(r0 + k), by, s0);
        s1 = nmadd(v128.load(r1 + k), by, s1);
        s2 = nmadd(v128.load(r2 + k), by, s2);
        s3 = nmadd(v128.load(r3 + k), by, s3);
      }
      const own = i << 4;
      settle(r0 + end, r0 + own, f64x2.mul(s0, scale));
      settle(r1 + end, r1 + own + 16, f64x2.mul(s1, scale));
      settle(r2 + end, r2 + own + 32, f64x2.mul(s2, scale));
      settle(r3 + end, r3 + own + 48, f64x2.mul(s3, scale));
    }
    for (; i < n; i++) {
      const r0 = matrix + line * i;
      let s0 = v128.load(r0 + end);
      for (let k: usize = 0; k < end; k += 16) s0 = nmadd(v128.load(r0 + k), v128.load(rj + k), s0);
      settle(r0 + end, r0 + (i << 4), f64x2.mul(s0, scale));
    }
  }
  return -1;
}

/** Inverses, both triangles, of the pair whose Cholesky factors are at `factor`: `invertFromFactor` of cholesky.ts. */
function invert(factor: usize, n: usize, roots: usize, out: usize): void {
  const line = n << 4;
  for (let j = <isize>n - 1; j >= 0; j--) {
    const rj = out + line * <usize>j;
    const column = (<usize>j) << 4;
    const from = column + 16;
    const scale = v128.load(roots + column);
    // column j of the factor lies in row j of `out` until the row's own numbers are known
    for (
      let k = from, at = factor + line * <usize>(j + 1) + column;
      k < line;
      k += 16, at += line
    ) {
      v128.store(rj + k, v128.load(at));
    }
    let i = <usize>j + 1;
    for (; i + 7 < n; i += 8) {
      const r0 = out + line * i;
      const r1 = r0 + line;
      const r2 = r1 + line;
      const r3 = r2 + line;
      const r4 = r3 + line;
      const r5 = r4 + line;
      const r6 = r5 + line;
      const r7 = r6 + line;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let s2 = f64x2.splat(0);
      let s3 = f64x2.splat(0);
      let s4 = f64x2.splat(0);
      let s5 = f64x2.splat(0);
      let s6 = f64x2.splat(0);
      let s7 = f64x2.splat(0);
      for (let k = from; k < line; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd(v128.load(r0 + k), by, s0);
        s1 = nmadd(v128.load(r1 + k), by, s1);
        s2 = nmadd(v128.load(r2 + k), by, s2);
        s3 = nmadd(v128.load(r3 + k), by, s3);
        s4 = nmadd(v128.load(r4 + k), by, s4);
        s5 = nmadd(v128.load(r5 + k), by, s5);
        s6 = nmadd(v128.load(r6 + k), by, s6);
        s7 = nmadd(v128.load(r7 + k), by, s7);
      }
      v128.store(r0 + column, f64x2.mul(s0, scale));
      v128.store(r1 + column, f64x2.mul(s1, scale));
      v128.store(r2 + column, f64x2.mul(s2, scale));
      v128.store(r3 + column, f64x2.mul(s3, scale));
      v128.store(r4 + column, f64x2.mul(s4, scale));
      v128.store(r5 + column, f64x2.mul(s5, scale));
      v128.store(r6 + column, f64x2.mul(s6, scale));
      v128.store(r7 + column, f64x2.mul(s7, scale));
    }
    for (; i + 3 < n; i += 4) {
      const r0 = out + line * i;
      const r1 = r0 + line;
      const r2 = r1 + line;
      const r3 = r2 + line;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let s2 = f64x2.splat(0);
      let s3 = f64x2.splat(0);
      for (let k = from; k < line; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd(v128.load(r0 + k), by, s0);
        s1 = nmadd(v128.load(r1 + k), by, s1);
        s2 = nmadd(v128.load(r2 + k), by, s2);
        s3 = nmadd(v128.load(r3 + k), by, s3);
      }
      v128.store(r0 + column, f64x2.mul(s0, scale));
      v128.store(r1 + column, f64x2.mul(s1, scale));
      v128.store(r2 + column, f64x2.mul(s2, scale));
      v128.store(r3 + column, f64x2.mul(s3, scale));
    }
    for (; i < n; i++) {
      const r0 = out + line * i;
      let s0 = f64x2.splat(0);
      for (let k = from; k < line; k += 16) s0 = nmadd(v128.load(r0 + k), v128.load(rj + k), s0);
      v128.store(r0 + column, f64x2.mul(s0, scale));
    }
    let even = f64x2.splat(0);
    let odd = f64x2.splat(0);
    let k = from;
    let at = out + line * <usize>(j + 1) + column;
    for (; k + 16 < line; k += 32, at += line << 1) {
      const x = v128.load(at);
      const y = v128.load(at + line);
      even = madd(v128.load(rj + k), x, even);
      odd = madd(v128.load(rj + k, 16), y, odd);
      v128.store(rj + k, x);
      v128.store(rj + k, y, 16);
    }
    if (k < line) {
      const x = v128.load(at);
      even = madd(v128.load(rj + k), x, even);
      v128.store(rj + k, x);
    }
    const sum = f64x2.add(even, odd);
    v128.store(rj + column, f64x2.mul(f64x2.sub(scale, sum), scale));
  }
}

/**
 * Posteriors of two rows from their sums. `sums`, `lead` and `prior` (its mean m0, D numbers) are those of the first row,
 * those of the second follow `stride` bytes behind; `precision` is Lambda, D x D. `scale` holds the pair of factors of
 * the sums and the pair of the squares of the ratings; the pair of expected squares is written in its place.
 * `mean` gets D and `cov` D(D+1)/2 numbers of the first row, those of the second `stride` behind. Scratch at `room`:
 * 2 D^2 + 4 D pairs, of which the pivots come first.
 * `moments` gets the pairs of E[w w^T], columns of the lower triangles one behind the other. Returns -1 or the failing pivot as `cholesky`.
 */
export function solve(
  dim: usize,
  sums: usize,
  lead: usize,
  prior: usize,
  stride: usize,
  precision: usize,
  scale: usize,
  mean: usize,
  cov: usize,
  room: usize,
  moments: usize,
): i32 {
  const pivots = room;
  const roots = pivots + (dim << 4);
  const linear = roots + (dim << 4);
  const centre = linear + (dim << 4);
  const factor = centre + (dim << 4);
  const inverse = factor + ((dim * dim) << 4);
  const line = dim << 4;
  const by = v128.load(scale);
  const last = sums + (((dim * (dim + 1)) >> 1) << 3);
  // columns of the lower triangle lie one behind the other
  for (let b: usize = 0, at = sums + 8; b < dim; b++) {
    for (let a = b; a < dim; a++, at += 8) {
      const start = v128.load64_splat(precision + ((a * dim + b) << 3));
      v128.store(factor + line * a + (b << 4), madd(by, pair(at, at + stride), start));
    }
  }
  // the prior mean lies where the roots will
  for (let a: usize = 0; a < dim; a++) {
    v128.store(roots + (a << 4), pair(prior + (a << 3), prior + (a << 3) + stride));
  }
  for (let a: usize = 0; a < dim; a++) {
    const from = lead + 8 + (a << 3);
    const less = a == 0 ? sums : last + (a << 3);
    const own = f64x2.sub(pair(from, from + stride), pair(less, less + stride));
    v128.store(centre + (a << 4), own);
    const drawn = dotOfOne(precision + ((a * dim) << 3), roots, line);
    v128.store(linear + (a << 4), madd(by, own, drawn));
  }
  const failed = cholesky(factor, dim, roots, pivots);
  if (failed >= 0) return failed;
  invert(factor, dim, roots, inverse);
  // roots and factor are free from here on: means go to `roots`
  let squares = f64x2.add(
    f64x2.sub(v128.load(scale, 16), f64x2.mul(f64x2.splat(2), pair(lead, lead + stride))),
    pair(last + line / 2, last + line / 2 + stride),
  );
  for (let a: usize = 0; a < dim; a++) {
    const sum = dot(inverse + line * a, linear, line);
    v128.store(roots + (a << 4), sum);
    squares = nmadd(f64x2.add(sum, sum), v128.load(centre + (a << 4)), squares);
    v128.store64_lane(mean + (a << 3), sum, 0);
    v128.store64_lane(mean + (a << 3) + stride, sum, 1);
  }
  for (let b: usize = 0, at = sums + 8, to = moments; b < dim; b++) {
    const m = v128.load(roots + (b << 4));
    // the inverse is whole, so that its rows are its columns
    const row = inverse + line * b;
    let column = f64x2.splat(0);
    for (let a = b; a < dim; a++, at += 8, to += 16) {
      const moment = madd(m, v128.load(roots + (a << 4)), v128.load(row + (a << 4)));
      v128.store(to, moment);
      const term = f64x2.mul(moment, pair(at, at + stride));
      if (a == b) squares = f64x2.add(squares, term);
      else column = f64x2.add(column, term);
    }
    squares = f64x2.add(squares, f64x2.add(column, column));
  }
  for (let a: usize = 0, to = cov; a < dim; a++) {
    for (let k: usize = 0; k <= a << 4; k += 16, to += 8) {
      const x = v128.load(inverse + line * a + k);
      v128.store64_lane(to, x, 0);
      v128.store64_lane(to + stride, x, 1);
    }
  }
  v128.store(scale, squares);
  return -1;
}

/**
 * Writes the record of one of the rows that `solve` was called for last, for the rows of the other side: the first or, with
 * `own` 8, the second. `weight` is its noise factor; f64 where `wide`, else f32.
 */
export function record(
  dim: usize,
  mean: usize,
  moments: usize,
  own: usize,
  weight: f64,
  wide: i32,
  to: usize,
): void {
  if (wide) record64(dim, mean, moments + own, weight, to);
  else record32(dim, mean, moments + own, weight, to);
}

function record64(dim: usize, mean: usize, moments: usize, weight: f64, to: usize): void {
  store<f64>(to, weight * load<f64>(mean));
  store<f64>(to, weight, 8);
  let at = to + 16;
  for (let a: usize = 1; a < dim; a++, at += 8) store<f64>(at, weight * load<f64>(mean + (a << 3)));
  const first = moments + (dim << 4);
  const end = moments + ((dim * (dim + 1)) << 3);
  for (let m = first; m < end; m += 16, at += 8) store<f64>(at, weight * load<f64>(m));
  for (let m = moments + 16; m < first; m += 16, at += 8) store<f64>(at, weight * load<f64>(m));
  store<f64>(at, weight * load<f64>(moments));
}

function record32(dim: usize, mean: usize, moments: usize, weight: f64, to: usize): void {
  store<f32>(to, <f32>(weight * load<f64>(mean)));
  store<f32>(to, <f32>weight, 4);
  let at = to + 8;
  for (let a: usize = 1; a < dim; a++, at += 4)
    store<f32>(at, <f32>(weight * load<f64>(mean + (a << 3))));
  const first = moments + (dim << 4);
  const end = moments + ((dim * (dim + 1)) << 3);
  for (let m = first; m < end; m += 16, at += 4) store<f32>(at, <f32>(weight * load<f64>(m)));
  for (let m = moments + 16; m < first; m += 16, at += 4)
    store<f32>(at, <f32>(weight * load<f64>(m)));
  store<f32>(at, <f32>(weight * load<f64>(moments)));
}
