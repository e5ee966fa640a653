/** Weighted sums over the records of a row's partners. All pointers are bytes. */
import { LEAST_UNIT, ONE, recordFloats, UNIT } from './layout';
import { madd, none, wholeOf } from './vectors';

/** Ratings that are added up in f32 alone; a multiple of 8. */
const BLOCK: usize = 64;
/** Bits of an f32's exponent. */
const EXPONENT: i32 = 0x7f800000;

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

/** The f32 numbers at the same place of four records. */
function four(a: usize, b: usize, c: usize, d: usize, at: usize): v128 {
  let x = v128.load32_zero(a + at);
  x = v128.load32_lane(b + at, x, 1);
  x = v128.load32_lane(c + at, x, 2);
  return v128.load32_lane(d + at, x, 3);
}

/** Sets so many bytes to zero, vector by vector. */
function clear(from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(from + at, none());
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
 * Sums the compact records of a row's n partners into f32 at `sums`, and their first parts times the rating less `offset` into
 * `lead`, which lies right behind. Returns the sum of weight (rating - offset)^2. Triangles of eight ratings are added up as
 * integers first, since their units are whole multiples of one. Of more ratings than `BLOCK` every so many are added up in
 * f64 at `totals`. Columns `partner` and `value` may be read seven places behind the row.
 */
export function sumCompact(
  dim: usize,
  records: usize,
  zero: usize,
  partner: usize,
  value: usize,
  n: usize,
  offset: f64,
  sums: usize,
  lead: usize,
  totals: usize,
): f64 {
  const floats = recordFloats(dim) << 2;
  const bytes = lead + floats - sums;
  const less = f64x2.splat(offset);
  let squares = none();
  clear(sums, bytes);
  if (n > BLOCK) clear(totals, bytes << 1);
  for (let k: usize = 0; k < n;) {
    let p0 = recordOf(records, partner, k, n, zero);
    let p1 = recordOf(records, partner, k + 1, n, zero);
    let p2 = recordOf(records, partner, k + 2, n, zero);
    let p3 = recordOf(records, partner, k + 3, n, zero);
    let p4 = recordOf(records, partner, k + 4, n, zero);
    let p5 = recordOf(records, partner, k + 5, n, zero);
    let p6 = recordOf(records, partner, k + 6, n, zero);
    let p7 = recordOf(records, partner, k + 7, n, zero);
    const u0 = four(p0, p1, p2, p3, UNIT << 2);
    const u4 = four(p4, p5, p6, p7, UNIT << 2);
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
    const at = value + (k << 2);
    const r0 = restOf(at, less);
    const r4 = restOf(at + 16, less);
    const both = f32x4.add(
      f32x4.mul(four(p0, p1, p2, p3, ONE << 2), f32x4.mul(r0, r0)),
      f32x4.mul(four(p4, p5, p6, p7, ONE << 2), f32x4.mul(r4, r4)),
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
    for (let e: usize = 0; e < floats; e += 16) {
      const x0 = v128.load(p0 + e);
      const x1 = v128.load(p1 + e);
      const x2 = v128.load(p2 + e);
      const x3 = v128.load(p3 + e);
      const x4 = v128.load(p4 + e);
      const x5 = v128.load(p5 + e);
      const x6 = v128.load(p6 + e);
      const x7 = v128.load(p7 + e);
      let even = madd<f32>(x0, v0, v128.load(lead + e));
      let odd = f32x4.mul(x1, v1);
      even = madd<f32>(x2, v2, even);
      odd = madd<f32>(x3, v3, odd);
      even = madd<f32>(x4, v4, even);
      odd = madd<f32>(x5, v5, odd);
      even = madd<f32>(x6, v6, even);
      odd = madd<f32>(x7, v7, odd);
      v128.store(lead + e, f32x4.add(even, odd));
      const low = f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3));
      const high = f32x4.add(f32x4.add(x4, x5), f32x4.add(x6, x7));
      v128.store(sums + e, f32x4.add(v128.load(sums + e), f32x4.add(low, high)));
    }
    // two places of all eight at a time; behind the last there is room for what does not count
    p0 += floats;
    p1 += floats;
    p2 += floats;
    p3 += floats;
    p4 += floats;
    p5 += floats;
    p6 += floats;
    p7 += floats;
    for (let to = sums + floats; to < lead; to += 64) {
      let x0 = v128.load(p0);
      let x1 = v128.load(p1);
      let low = lowOf(x0, x1, f0);
      let high = highOf(x0, x1, f0);
      x0 = v128.load(p2);
      x1 = v128.load(p3);
      low = i32x4.add(low, lowOf(x0, x1, f2));
      high = i32x4.add(high, highOf(x0, x1, f2));
      x0 = v128.load(p4);
      x1 = v128.load(p5);
      low = i32x4.add(low, lowOf(x0, x1, f4));
      high = i32x4.add(high, highOf(x0, x1, f4));
      x0 = v128.load(p6);
      x1 = v128.load(p7);
      low = i32x4.add(low, lowOf(x0, x1, f6));
      high = i32x4.add(high, highOf(x0, x1, f6));
      addIn(to, low, unit);
      addIn(to + 16, high, unit);
      x0 = v128.load(p0, 16);
      x1 = v128.load(p1, 16);
      low = lowOf(x0, x1, f0);
      high = highOf(x0, x1, f0);
      x0 = v128.load(p2, 16);
      x1 = v128.load(p3, 16);
      low = i32x4.add(low, lowOf(x0, x1, f2));
      high = i32x4.add(high, highOf(x0, x1, f2));
      x0 = v128.load(p4, 16);
      x1 = v128.load(p5, 16);
      low = i32x4.add(low, lowOf(x0, x1, f4));
      high = i32x4.add(high, highOf(x0, x1, f4));
      x0 = v128.load(p6, 16);
      x1 = v128.load(p7, 16);
      low = i32x4.add(low, lowOf(x0, x1, f6));
      high = i32x4.add(high, highOf(x0, x1, f6));
      addIn(to + 32, low, unit);
      addIn(to + 48, high, unit);
      p0 += 32;
      p1 += 32;
      p2 += 32;
      p3 += 32;
      p4 += 32;
      p5 += 32;
      p6 += 32;
      p7 += 32;
    }
    k += 8;
    if (n > BLOCK && (k >= n || k % BLOCK == 0)) addTotals(sums, bytes, totals);
  }
  if (n > BLOCK) takeTotals(sums, bytes, totals);
  return f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
}

/** Adds four whole numbers of units to the f32 sums at `to`. */
function addIn(to: usize, whole: v128, unit: v128): void {
  v128.store(to, madd<f32>(f32x4.convert_i32x4_s(whole), unit, v128.load(to)));
}

/** Adds f32 sums, so many bytes, to f64 totals and leaves zeros. */
function addTotals(sums: usize, bytes: usize, totals: usize): void {
  for (let e: usize = 0; e < bytes; e += 16) {
    addWide(totals + (e << 1), v128.load(sums + e));
    v128.store(sums + e, none());
  }
}

/** Puts totals in the place of sums. */
function takeTotals(sums: usize, bytes: usize, totals: usize): void {
  for (let e: usize = 0; e < bytes; e += 16) {
    const low = f32x4.demote_f64x2_zero(v128.load(totals + (e << 1)));
    const high = f32x4.demote_f64x2_zero(v128.load(totals + (e << 1), 16));
    v128.store(sums + e, v128.shuffle<i64>(low, high, 0, 2));
  }
}

/** The same of f64 records and values, four ratings at a time, without a room of its own. */
export function sumWide(
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
  const floats = recordFloats(dim) << 3;
  let squares: f64 = 0;
  clear(sums, lead + floats - sums);
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
      load<f64>(p0, ONE << 3) * r0 * r0 +
      load<f64>(p1, ONE << 3) * r1 * r1 +
      load<f64>(p2, ONE << 3) * r2 * r2 +
      load<f64>(p3, ONE << 3) * r3 * r3;
    const v0 = f64x2.splat(r0);
    const v1 = f64x2.splat(r1);
    const v2 = f64x2.splat(r2);
    const v3 = f64x2.splat(r3);
    for (let e: usize = 0; e < floats; e += 16) {
      const even = madd<f64>(v128.load(p2 + e), v2, f64x2.mul(v128.load(p0 + e), v0));
      const odd = madd<f64>(v128.load(p3 + e), v3, f64x2.mul(v128.load(p1 + e), v1));
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
