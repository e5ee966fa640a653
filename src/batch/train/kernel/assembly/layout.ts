/** Where the numbers of a record are; `kernel.ts` says what it holds. */

/** Numbers of the first part, (c, E[c^2], unit, 1, q), filled up to four. */
export function recordFloats(dim: usize): usize {
  return (dim + 6) & ~3;
}

/** Where they are; q follows the 1. */
export const SQUARE: usize = 1;
export const UNIT: usize = 2;
export const ONE: usize = 3;

/** Units below it are not exact enough to divide by. */
export const LEAST_UNIT: f32 = 1e-30;
