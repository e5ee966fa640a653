/**
 * The row step in AssemblyScript: weighted sums over the records of a row's partners, then two rows at once through
 * Cholesky factor, inverse, mean and expected squares. `kernel.ts` says what a record holds, `wasm-row-step.ts`
 * calls. All pointers are bytes; matrices of a pair hold both rows' numbers side by side in 16 bytes.
 */

/** Ratings that are added up in f32 before the sums are widened; a multiple of 8. */
const BLOCK: usize = 64;
/** Largest i16 that stands for a number: one less than there is, so that 65,540 times it is an i32. */
const LARGEST: f64 = 32766;
/** Units below it are not exact enough to divide by. */
const LEAST_UNIT: f32 = 1e-30;
/** Bits of an f32's exponent. */
const EXPONENT: i32 = 0x7f800000;
/** 1.5 x 2^23: what 1.5 x 2^52 is to f64. */
const ROUNDER4: f32 = 12582912;
/** 1.5 x 2^52: added to a number, it leaves the nearest integer in the low bits. */
const ROUNDER: f64 = 6755399441055744;

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

/** Record of rating k, or the record of zeros behind the last where the row has ended; places count 16 bytes. */
function recordOf(records: usize, partner: usize, k: usize, n: usize, zero: usize): usize {
  return records + ((k < n ? <usize>load<u32>(partner + (k << 2)) : zero) << 4);
}

/** Numbers of a record that are summed times the rating as well: (c, 1, q), filled up to four. */
function recordHead(dim: usize): usize {
  return (dim + 4) & ~3;
}

/** Numbers before E[c q] and the triangle of E[q q^T]: (c, 1, q), E[c^2] and the unit, filled up to four. */
function recordFloats(dim: usize): usize {
  return (dim + 6) & ~3;
}

/** Nearest integers of four numbers between -2^22 and 2^22. */
function wholeOf(x: v128): v128 {
  const rounder = f32x4.splat(ROUNDER4);
  return i32x4.sub(f32x4.add(x, rounder), rounder);
}

/** The f32 numbers at the same place of four records. */
function four(a: usize, b: usize, c: usize, d: usize, at: usize): v128 {
  let x = v128.load32_zero(a + at);
  x = v128.load32_lane(b + at, x, 1);
  x = v128.load32_lane(c + at, x, 2);
  return v128.load32_lane(d + at, x, 3);
}

/** Sets the f64 numbers of a range, an even count, to zero. */
function clear(from: usize, to: usize): void {
  for (; from < to; from += 16) v128.store(from, f64x2.splat(0));
}

/** Four ratings less the offset. */
function restOf(at: usize, offset: v128): v128 {
  const low = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(at)), offset);
  const high = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(at, 8)), offset);
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** Sum of the products of two records' eight places and two factors: the first four places. */
function lowOf(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11), factors);
}

/** The last four. */
function highOf(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15), factors);
}

/**
 * Sums the compact records of a row's n partners into f64 at `sums`, and their (c, 1, q) times the rating less
 * `offset` into `lead`, which lies right behind. Returns the sum of weight (rating - offset)^2. Ratings are added
 * up in f32 at `room`, as long as the sums and zero before and after, and widened every `BLOCK`; triangles of eight ratings
 * as integers before that, since their units are whole multiples of one. Columns `partner` and `value` may be read seven
 * places behind the row.
 */
export function sum16(
  dim: usize,
  records: usize,
  zero: usize,
  partner: usize,
  value: usize,
  n: usize,
  offset: f64,
  sums: usize,
  lead: usize,
  room: usize,
): f64 {
  const head = recordHead(dim) << 2;
  const floats = recordFloats(dim) << 2;
  const units = (dim + 2) << 2;
  const leadRoom = room + ((lead - sums) >> 1);
  const less = f64x2.splat(offset);
  let squares = f64x2.splat(0);
  clear(sums, lead + (head << 1));
  for (let k: usize = 0; k < n;) {
    const p0 = recordOf(records, partner, k, n, zero);
    const p1 = recordOf(records, partner, k + 1, n, zero);
    const p2 = recordOf(records, partner, k + 2, n, zero);
    const p3 = recordOf(records, partner, k + 3, n, zero);
    const p4 = recordOf(records, partner, k + 4, n, zero);
    const p5 = recordOf(records, partner, k + 5, n, zero);
    const p6 = recordOf(records, partner, k + 6, n, zero);
    const p7 = recordOf(records, partner, k + 7, n, zero);
    const at = value + (k << 2);
    const r0 = restOf(at, less);
    const r4 = restOf(at + 16, less);
    const both = f32x4.add(
      f32x4.mul(four(p0, p1, p2, p3, 4), f32x4.mul(r0, r0)),
      f32x4.mul(four(p4, p5, p6, p7, 4), f32x4.mul(r4, r4)),
    );
    squares = f64x2.add(squares, f64x2.promote_low_f32x4(both));
    squares = f64x2.add(squares, f64x2.promote_low_f32x4(i64x2.shuffle(both, both, 1, 1)));
    const v0 = v128.shuffle<i32>(r0, r0, 0, 0, 0, 0);
    const v1 = v128.shuffle<i32>(r0, r0, 1, 1, 1, 1);
    const v2 = v128.shuffle<i32>(r0, r0, 2, 2, 2, 2);
    const v3 = v128.shuffle<i32>(r0, r0, 3, 3, 3, 3);
    const v4 = v128.shuffle<i32>(r4, r4, 0, 0, 0, 0);
    const v5 = v128.shuffle<i32>(r4, r4, 1, 1, 1, 1);
    const v6 = v128.shuffle<i32>(r4, r4, 2, 2, 2, 2);
    const v7 = v128.shuffle<i32>(r4, r4, 3, 3, 3, 3);
    let e: usize = 0;
    for (; e < head; e += 16) {
      const x0 = v128.load(p0 + e);
      const x1 = v128.load(p1 + e);
      const x2 = v128.load(p2 + e);
      const x3 = v128.load(p3 + e);
      const x4 = v128.load(p4 + e);
      const x5 = v128.load(p5 + e);
      const x6 = v128.load(p6 + e);
      const x7 = v128.load(p7 + e);
      let even = madd4(x0, v0, v128.load(leadRoom + e));
      let odd = f32x4.mul(x1, v1);
      even = madd4(x2, v2, even);
      odd = madd4(x3, v3, odd);
      even = madd4(x4, v4, even);
      odd = madd4(x5, v5, odd);
      even = madd4(x6, v6, even);
      odd = madd4(x7, v7, odd);
      v128.store(leadRoom + e, f32x4.add(even, odd));
      const low = f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3));
      const high = f32x4.add(f32x4.add(x4, x5), f32x4.add(x6, x7));
      v128.store(room + e, f32x4.add(v128.load(room + e), f32x4.add(low, high)));
    }
    for (; e < floats; e += 16) {
      const low = f32x4.add(
        f32x4.add(v128.load(p0 + e), v128.load(p1 + e)),
        f32x4.add(v128.load(p2 + e), v128.load(p3 + e)),
      );
      const high = f32x4.add(
        f32x4.add(v128.load(p4 + e), v128.load(p5 + e)),
        f32x4.add(v128.load(p6 + e), v128.load(p7 + e)),
      );
      v128.store(room + e, f32x4.add(v128.load(room + e), f32x4.add(low, high)));
    }
    const u0 = four(p0, p1, p2, p3, units);
    const u4 = four(p4, p5, p6, p7, units);
    let most = f32x4.max(u0, u4);
    let sum = f32x4.add(u0, u4);
    most = f32x4.max(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
    most = f32x4.max(most, v128.shuffle<i32>(most, most, 1, 0, 3, 2));
    sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2));
    sum = f32x4.max(f32x4.max(sum, f32x4.add(most, most)), f32x4.splat(LEAST_UNIT));
    // a power of two of which all units are whole multiples, 65,535 in sum and 32,767 each at most
    const unit = f32x4.mul(v128.and(sum, i32x4.splat(EXPONENT)), f32x4.splat(1 / 32768));
    const per = f32x4.div(f32x4.splat(1), unit);
    const whole = i16x8.narrow_i32x4_s(wholeOf(f32x4.mul(u0, per)), wholeOf(f32x4.mul(u4, per)));
    const f0 = v128.shuffle<i32>(whole, whole, 0, 0, 0, 0);
    const f2 = v128.shuffle<i32>(whole, whole, 1, 1, 1, 1);
    const f4 = v128.shuffle<i32>(whole, whole, 2, 2, 2, 2);
    const f6 = v128.shuffle<i32>(whole, whole, 3, 3, 3, 3);
    for (let to = room + floats; to < leadRoom; e += 16, to += 32) {
      const x0 = v128.load(p0 + e);
      const x1 = v128.load(p1 + e);
      let low = lowOf(x0, x1, f0);
      let high = highOf(x0, x1, f0);
      const x2 = v128.load(p2 + e);
      const x3 = v128.load(p3 + e);
      low = i32x4.add(low, lowOf(x2, x3, f2));
      high = i32x4.add(high, highOf(x2, x3, f2));
      const x4 = v128.load(p4 + e);
      const x5 = v128.load(p5 + e);
      low = i32x4.add(low, lowOf(x4, x5, f4));
      high = i32x4.add(high, highOf(x4, x5, f4));
      const x6 = v128.load(p6 + e);
      const x7 = v128.load(p7 + e);
      low = i32x4.add(low, lowOf(x6, x7, f6));
      high = i32x4.add(high, highOf(x6, x7, f6));
      v128.store(to, madd4(f32x4.convert_i32x4_s(low), unit, v128.load(to)));
      v128.store(to, madd4(f32x4.convert_i32x4_s(high), unit, v128.load(to, 16)), 16);
    }
    k += 8;
    if (k >= n || k % BLOCK == 0) widen(room, sums, leadRoom + head - room);
  }
  return f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
}

/** Adds f32 sums, so many bytes, to f64 sums and leaves zeros. */
function widen(room: usize, sums: usize, bytes: usize): void {
  for (let e: usize = 0; e < bytes; e += 16) {
    addWide(sums + (e << 1), v128.load(room + e));
    v128.store(room + e, f32x4.splat(0));
  }
}

/** The same of f64 records and values, four ratings at a time, without a room of its own. */
export function sum64(
  dim: usize,
  records: usize,
  zero: usize,
  partner: usize,
  value: usize,
  n: usize,
  offset: f64,
  sums: usize,
  lead: usize,
): f64 {
  const head = recordHead(dim) << 3;
  let squares: f64 = 0;
  clear(sums, lead + head);
  for (let k: usize = 0; k < n; k += 4) {
    const p0 = recordOf(records, partner, k, n, zero);
    const p1 = recordOf(records, partner, k + 1, n, zero);
    const p2 = recordOf(records, partner, k + 2, n, zero);
    const p3 = recordOf(records, partner, k + 3, n, zero);
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
    for (let e: usize = 0; sums + e < lead; e += 16) {
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
 * Cholesky factor in place of the lower triangles of a pair of n x n matrices, with room for four more rows behind; the
 * inverses of the pivots' roots go to `roots`, the pivots to `pivots`. Returns -1, or the row whose pivot is not positive:
 * twice it, plus 1 for the second.
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
    for (; i + 4 < n; i += 8) {
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
    if (i < n) {
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
  }
  return -1;
}

/** Inverses, both triangles, of the pair whose Cholesky factors are at `factor`, with room behind both as there: `invertFromFactor` of cholesky.ts. */
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
    for (; i + 4 < n; i += 8) {
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
    if (i < n) {
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
 * 2 D^2 + 12 D pairs, of which the pivots come first.
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
  const inverse = factor + ((dim * (dim + 4)) << 4);
  const line = dim << 4;
  const by = v128.load(scale);
  const own = sums + ((dim + 1) << 3);
  // that of row a at place a, from 1 on
  const ties = sums + ((recordFloats(dim) - 1) << 3);
  const columns = ties + (dim << 3);
  for (let b: usize = 0, at = sums + 8; b < dim; b++) {
    for (let a = b; a < dim; a++, at += 8) {
      const start = v128.load64_splat(precision + ((a * dim + b) << 3));
      v128.store(factor + line * a + (b << 4), madd(by, pair(at, at + stride), start));
    }
    if (b == 0) at = columns;
  }
  // the prior mean lies where the roots will
  for (let a: usize = 0; a < dim; a++) {
    v128.store(roots + (a << 4), pair(prior + (a << 3), prior + (a << 3) + stride));
  }
  for (let a: usize = 0; a < dim; a++) {
    const from = lead + 8 + (a << 3);
    const less = a == 0 ? sums : ties + (a << 3);
    const rest = f64x2.sub(pair(from, from + stride), pair(less, less + stride));
    v128.store(centre + (a << 4), rest);
    const drawn = dotOfOne(precision + ((a * dim) << 3), roots, line);
    v128.store(linear + (a << 4), madd(by, rest, drawn));
  }
  const failed = cholesky(factor, dim, roots, pivots);
  if (failed >= 0) return failed;
  invert(factor, dim, roots, inverse);
  // roots and factor are free from here on: means go to `roots`
  let squares = f64x2.add(
    f64x2.sub(v128.load(scale, 16), f64x2.mul(f64x2.splat(2), pair(lead, lead + stride))),
    pair(own, own + stride),
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
    const own = b << 4;
    const square = madd(m, m, v128.load(row + own));
    v128.store(to, square);
    squares = madd(square, pair(at, at + stride), squares);
    at += 8;
    to += 16;
    let even = f64x2.splat(0);
    let odd = f64x2.splat(0);
    let k = own + 16;
    for (; k + 16 < line; k += 32, at += 16, to += 32) {
      const x = madd(m, v128.load(roots + k), v128.load(row + k));
      const y = madd(m, v128.load(roots + k, 16), v128.load(row + k, 16));
      v128.store(to, x);
      v128.store(to, y, 16);
      even = madd(x, pair(at, at + stride), even);
      odd = madd(y, pair(at + 8, at + 8 + stride), odd);
    }
    if (k < line) {
      const x = madd(m, v128.load(roots + k), v128.load(row + k));
      v128.store(to, x);
      even = madd(x, pair(at, at + stride), even);
      at += 8;
      to += 16;
    }
    const column = f64x2.add(even, odd);
    squares = f64x2.add(squares, f64x2.add(column, column));
    if (b == 0) at = columns;
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

/** `moments` of a posterior as it is stored, once in each half: what `solve` writes. */
export function moments(dim: usize, mean: usize, cov: usize, to: usize): void {
  for (let b: usize = 0; b < dim; b++) {
    const m = v128.load64_splat(mean + (b << 3));
    for (let a = b; a < dim; a++, to += 16) {
      const c = v128.load64_splat(cov + ((((a * (a + 1)) >> 1) + b) << 3));
      v128.store(to, madd(m, v128.load64_splat(mean + (a << 3)), c));
    }
  }
}

/**
 * Writes the records of the two rows that `solve` or `moments` was called for last, for the rows of the other side, to
 * `first` and `second`. `mean` is that of the first, that of the second follows `stride` behind; `weights` are their noise
 * factors. The records are f64 where `wide`, else compact.
 */
export function record(
  dim: usize,
  mean: usize,
  stride: usize,
  moments: usize,
  weights: usize,
  wide: i32,
  first: usize,
  second: usize,
): void {
  const weight = load<f64>(weights);
  const other = load<f64>(weights, 8);
  if (wide) {
    record64(dim, mean, moments, weight, first);
    record64(dim, mean + stride, moments + 8, other, second);
    return;
  }
  const scale = f64x2.replace_lane(
    f64x2.splat(recordFloats32(dim, mean, moments, weight, first)),
    1,
    recordFloats32(dim, mean + stride, moments + 8, other, second),
  );
  const rounder = f64x2.splat(ROUNDER);
  const end = moments + ((dim * (dim + 1)) << 3);
  const skip = recordFloats(dim) << 2;
  // four places of both; what lies behind the last, at most three, is not looked at
  for (
    let m = moments + 16, a = first + skip, b = second + skip;
    m < end;
    m += 64, a += 8, b += 8
  ) {
    const x0 = madd(v128.load(m), scale, rounder);
    const x1 = madd(v128.load(m, 16), scale, rounder);
    const x2 = madd(v128.load(m, 32), scale, rounder);
    const x3 = madd(v128.load(m, 48), scale, rounder);
    // low words, then halves of them, of one row after the other
    const low = v128.shuffle<i32>(x0, x1, 0, 2, 4, 6);
    const high = v128.shuffle<i32>(x2, x3, 0, 2, 4, 6);
    const both = i16x8.narrow_i32x4_s(low, high);
    const sorted = v128.shuffle<i16>(both, both, 0, 2, 4, 6, 1, 3, 5, 7);
    v128.store64_lane(a, sorted, 0);
    v128.store64_lane(b, sorted, 1);
  }
}

function record64(dim: usize, mean: usize, moments: usize, weight: f64, to: usize): void {
  store<f64>(to, weight * load<f64>(mean));
  store<f64>(to, weight, 8);
  let at = to + 16;
  for (let a: usize = 1; a < dim; a++, at += 8) store<f64>(at, weight * load<f64>(mean + (a << 3)));
  store<f64>(at, weight * load<f64>(moments));
  const end = moments + ((dim * (dim + 1)) << 3);
  at = to + (recordFloats(dim) << 3);
  for (let m = moments + 16; m < end; m += 16, at += 8) store<f64>(at, weight * load<f64>(m));
}

/** Writes what is f32 of a compact record, and returns the weight in its unit. */
function recordFloats32(dim: usize, mean: usize, moments: usize, weight: f64, to: usize): f64 {
  store<f32>(to, <f32>(weight * load<f64>(mean)));
  store<f32>(to, <f32>weight, 4);
  let at = to + 8;
  for (let a: usize = 1; a < dim; a++, at += 4)
    store<f32>(at, <f32>(weight * load<f64>(mean + (a << 3))));
  store<f32>(at, <f32>(weight * load<f64>(moments)));
  const first = moments + (dim << 4);
  let largest: f64 = 0;
  for (let m = moments + 16; m < first; m += 16) largest = max(largest, abs(weight * load<f64>(m)));
  // no other E[q_a q_b] is larger than the largest E[q_a^2]
  for (let a: usize = 1, m = first; a < dim; m += (dim - a) << 4, a++) {
    largest = max(largest, abs(weight * load<f64>(m)));
  }
  // rounded up to eight bits, so that it is a whole multiple of what `sum16` counts in
  const bits = reinterpret<u32>(<f32>(largest / LARGEST)) + 0xffff;
  const unit = reinterpret<f32>(bits & 0xffff0000);
  store<f32>(at, unit, 4);
  return unit > LEAST_UNIT ? weight / <f64>unit : 0;
}
