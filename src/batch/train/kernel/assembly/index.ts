/**
 * The row step: weighted sums over the records of a row's partners, then as many rows at once as a vector has lanes through
 * Cholesky factor, inverse, mean and expected squares, which are written as records in their turn. In f64, two at once, where
 * records are wide; in f32, four at once, where they are compact.
 */
import { moments, solve } from './solve';

export { compactRecords, wideRecords } from './records';
export { sumCompact, sumWide } from './sums';

export function solveWide(
  dim: usize,
  numbers: usize,
  sums: usize,
  stride: usize,
  precision: usize,
  scale: usize,
  mean: usize,
  cov: usize,
  room: usize,
  to: usize,
): i32 {
  return solve<f64>(dim, numbers, sums, stride, precision, scale, mean, cov, room, to);
}

export function solveCompact(
  dim: usize,
  numbers: usize,
  sums: usize,
  stride: usize,
  precision: usize,
  scale: usize,
  mean: usize,
  cov: usize,
  room: usize,
  to: usize,
): i32 {
  return solve<f32>(dim, numbers, sums, stride, precision, scale, mean, cov, room, to);
}

export function wideMoments(dim: usize, mean: usize, cov: usize, to: usize): void {
  moments<f64>(dim, mean, cov, to);
}

export function compactMoments(dim: usize, mean: usize, cov: usize, to: usize): void {
  moments<f32>(dim, mean, cov, to);
}
