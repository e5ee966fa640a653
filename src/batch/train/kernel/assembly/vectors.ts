/** Vectors of one number of each row that is solved at once: two f64 or four f32. T is their type. */

/** Rows in a vector. */
export function lanes<T>(): usize {
  return 16 / sizeof<T>();
}

/** a b + c; in one rounding where the engine has relaxed SIMD. */
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c - a b */
export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}

/** Zeros. */
export function none(): v128 {
  return i64x2.splat(0);
}

/** Nearest integers of four numbers between -2^22 and 2^22. */
export function wholeOf(x: v128): v128 {
  // 1.5 x 2^23: added to a number, it leaves the nearest integer in the low bits
  const rounder = f32x4.splat(12582912);
  return i32x4.sub(f32x4.add(x, rounder), rounder);
}

/** Sum of the products of the vectors at `a` and `b`, `bytes` long; in four sums, since one would wait for itself. */
export function dot<T>(a: usize, b: usize, bytes: usize): v128 {
  let s0 = none();
  let s1 = none();
  let s2 = none();
  let s3 = none();
  let k: usize = 0;
  for (; k + 48 < bytes; k += 64) {
    s0 = madd<T>(v128.load(a + k), v128.load(b + k), s0);
    s1 = madd<T>(v128.load(a + k, 16), v128.load(b + k, 16), s1);
    s2 = madd<T>(v128.load(a + k, 32), v128.load(b + k, 32), s2);
    s3 = madd<T>(v128.load(a + k, 48), v128.load(b + k, 48), s3);
  }
  for (; k < bytes; k += 16) s0 = madd<T>(v128.load(a + k), v128.load(b + k), s0);
  return v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
}

/** The same where the numbers at `a` stand for all rows, and `bytes` counts those at `b`. */
export function dotOfOne<T>(a: usize, b: usize, bytes: usize): v128 {
  const size = sizeof<T>();
  let s0 = none();
  let s1 = none();
  let s2 = none();
  let s3 = none();
  let k: usize = 0;
  for (; k + 48 < bytes; k += 64, a += 4 * size) {
    s0 = madd<T>(v128.load_splat<T>(a), v128.load(b + k), s0);
    s1 = madd<T>(v128.load_splat<T>(a + size), v128.load(b + k, 16), s1);
    s2 = madd<T>(v128.load_splat<T>(a + 2 * size), v128.load(b + k, 32), s2);
    s3 = madd<T>(v128.load_splat<T>(a + 3 * size), v128.load(b + k, 48), s3);
  }
  for (; k < bytes; k += 16, a += size) s0 = madd<T>(v128.load_splat<T>(a), v128.load(b + k), s0);
  return v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
}

/**
 * Writes the numbers of all rows, which lie `stride` bytes apart, as vectors; `from .. end` are those of the first, filled up
 * to 16 bytes.
 */
export function gather<T>(from: usize, end: usize, stride: usize, to: usize): void {
  for (; from < end; from += 16) {
    const a = v128.load(from);
    const b = v128.load(from + stride);
    if (lanes<T>() == 2) {
      v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
      v128.store(to, v128.shuffle<i64>(a, b, 1, 3), 16);
      to += 32;
    } else {
      const c = v128.load(from + 2 * stride);
      const d = v128.load(from + 3 * stride);
      const low = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const high = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      v128.store(to, v128.shuffle<i64>(low, high, 0, 2));
      v128.store(to, v128.shuffle<i64>(low, high, 1, 3), 16);
      const lowLast = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const highLast = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(lowLast, highLast, 0, 2), 32);
      v128.store(to, v128.shuffle<i64>(lowLast, highLast, 1, 3), 48);
      to += 64;
    }
  }
}

/** Writes a number of each row as f64, `stride` bytes apart. */
export function scatter<T>(x: v128, to: usize, stride: usize): void {
  const low = lanes<T>() == 2 ? x : f64x2.promote_low_f32x4(x);
  v128.store64_lane(to, low, 0);
  v128.store64_lane(to + stride, low, 1);
  if (lanes<T>() == 2) return;
  const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
  v128.store64_lane(to + 2 * stride, high, 0);
  v128.store64_lane(to + 3 * stride, high, 1);
}

/** Row whose number is not positive and finite, the first if there are several; -1 where all are. */
export function failing<T>(x: v128): i32 {
  const fine = v128.and(v128.gt<T>(x, none()), v128.lt<T>(x, v128.splat<T>(<T>Infinity)));
  const bits = lanes<T>() == 2 ? i64x2.bitmask(fine) : i32x4.bitmask(fine);
  const all = (1 << (<i32>lanes<T>())) - 1;
  return bits == all ? -1 : ctz(~bits);
}
