/** Where the numbers of a record are; `kernel.ts` says what it holds. */

/** Numbers of the first part, (c, E[c^2], unit, 1, q), filled up to four. */
export function recordFloats(dim: usize): usize {
  return (dim + 6) & ~3;
}

/** Where they are; q follows the 1. */
export const SQUARE: usize = 1;
export const UNIT: usize = 2;
export const ONE: usize = 3;

/** Nearest integers of four numbers between -2^22 and 2^22. */
export function wholeOf(x: v128): v128 {
  // 1.5 x 2^23: added to a number, it leaves the nearest integer in the low bits
  const rounder = f32x4.splat(12582912);
  return i32x4.sub(f32x4.add(x, rounder), rounder);
}

/** Units below it are not exact enough to divide by. */
export const LEAST_UNIT: f32 = 1e-30;
