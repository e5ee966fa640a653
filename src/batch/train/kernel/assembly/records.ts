/** Writes what rows were found to be as records, for the rows of the other side. Pointers are bytes. */
import { LEAST_UNIT, ONE, recordFloats, SQUARE, UNIT } from './layout';
import { lanes, none, wholeOf } from './vectors';

/** Largest i16 that stands for a number: one less than there is, so that 65,540 times it is an i32. */
const LARGEST: f32 = 32766;

/** Writes the first parts of records, but for the units. */
function firstParts<T>(
  dim: usize,
  mean: usize,
  stride: usize,
  moments: usize,
  weights: usize,
  targets: usize,
): void {
  const size = sizeof<T>();
  for (let lane: usize = 0; lane < lanes<T>(); lane++) {
    const to = <usize>load<u32>(targets + (lane << 2));
    const own = mean + lane * stride;
    const weight = load<T>(weights + lane * size);
    store<T>(to, weight * <T>load<f64>(own));
    store<T>(to + SQUARE * size, weight * load<T>(moments + lane * size));
    store<T>(to + ONE * size, weight);
    let at = to + (ONE + 1) * size;
    for (let a: usize = 1; a < dim; a++, at += size) {
      store<T>(at, weight * <T>load<f64>(own + (a << 3)));
    }
  }
}

/**
 * Writes the wide records of the two rows that `solve` or `moments` was called for last. `mean` is that of the first, that of
 * the second follows `stride` behind; `weights` is the vector of their noise factors, `targets` the addresses, u32.
 */
export function wideRecords(
  dim: usize,
  mean: usize,
  stride: usize,
  moments: usize,
  weights: usize,
  targets: usize,
): void {
  firstParts<f64>(dim, mean, stride, moments, weights, targets);
  for (let lane: usize = 0; lane < 2; lane++) {
    const square = moments + (lane << 3);
    const weight = load<f64>(weights + (lane << 3));
    const end = square + ((dim * (dim + 1)) << 3);
    let at = <usize>load<u32>(targets + (lane << 2)) + (recordFloats(dim) << 3);
    for (let m = square + 16; m < end; m += 16, at += 8) store<f64>(at, weight * load<f64>(m));
  }
}

/** Units of the compact records: of the largest E[q_a^2] or |E[c q_a]|, times the weights. */
function unitsOf(dim: usize, moments: usize, weights: v128): v128 {
  const first = moments + (dim << 4);
  let largest = none();
  for (let m = moments + 16; m < first; m += 16) {
    largest = f32x4.max(largest, f32x4.abs(v128.load(m)));
  }
  // no other E[q_a q_b] is larger than the largest E[q_a^2]
  for (let a: usize = 1, m = first; a < dim; m += (dim - a) << 4, a++) {
    largest = f32x4.max(largest, f32x4.abs(v128.load(m)));
  }
  const units = f32x4.div(f32x4.mul(largest, weights), f32x4.splat(LARGEST));
  // rounded up to eight bits, so that they are whole multiples of what `sumCompact` counts in
  return v128.and(i32x4.add(units, i32x4.splat(0xffff)), i32x4.splat(0xffff0000));
}

/** The same of the compact records of four rows. */
export function compactRecords(
  dim: usize,
  mean: usize,
  stride: usize,
  moments: usize,
  weights: usize,
  targets: usize,
): void {
  const t0 = <usize>load<u32>(targets);
  const t1 = <usize>load<u32>(targets, 4);
  const t2 = <usize>load<u32>(targets, 8);
  const t3 = <usize>load<u32>(targets, 12);
  const weight = v128.load(weights);
  const unit = unitsOf(dim, moments, weight);
  firstParts<f32>(dim, mean, stride, moments, weights, targets);
  v128.store32_lane(t0, unit, 0, UNIT << 2);
  v128.store32_lane(t1, unit, 1, UNIT << 2);
  v128.store32_lane(t2, unit, 2, UNIT << 2);
  v128.store32_lane(t3, unit, 3, UNIT << 2);
  const isEnough = f32x4.gt(unit, f32x4.splat(LEAST_UNIT));
  const scale = v128.and(f32x4.div(weight, unit), isEnough);
  const end = moments + ((dim * (dim + 1)) << 3);
  let at = recordFloats(dim) << 2;
  // eight places of all; what lies behind the last, at most seven, is not looked at
  for (let m = moments + 16; m < end; m += 128, at += 16) {
    const first = i16x8.narrow_i32x4_s(whole(m, scale), whole(m + 16, scale));
    const second = i16x8.narrow_i32x4_s(whole(m + 32, scale), whole(m + 48, scale));
    const third = i16x8.narrow_i32x4_s(whole(m + 64, scale), whole(m + 80, scale));
    const fourth = i16x8.narrow_i32x4_s(whole(m + 96, scale), whole(m + 112, scale));
    let low = v128.shuffle<i16>(first, second, 0, 4, 8, 12, 1, 5, 9, 13);
    let high = v128.shuffle<i16>(third, fourth, 0, 4, 8, 12, 1, 5, 9, 13);
    v128.store(t0 + at, v128.shuffle<i64>(low, high, 0, 2));
    v128.store(t1 + at, v128.shuffle<i64>(low, high, 1, 3));
    low = v128.shuffle<i16>(first, second, 2, 6, 10, 14, 3, 7, 11, 15);
    high = v128.shuffle<i16>(third, fourth, 2, 6, 10, 14, 3, 7, 11, 15);
    v128.store(t2 + at, v128.shuffle<i64>(low, high, 0, 2));
    v128.store(t3 + at, v128.shuffle<i64>(low, high, 1, 3));
  }
}

/** Four numbers in their units. */
function whole(at: usize, scale: v128): v128 {
  return wholeOf(f32x4.mul(v128.load(at), scale));
}
