/**
 * The row step: weighted sums over the records of a row's partners, then as many rows at once as a vector has lanes through
 * Cholesky factor, inverse, mean and expected squares, which are written as records in their turn. In f64, two at once, where
 * records are wide; in f32, four at once, where they are compact.
 */
import { compactRecords, wideRecords } from './records';
import { moments as momentsOf, solve as solveIn } from './solve';
import { sumCompact, sumWide } from './sums';

export function sum(
  wide: bool,
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
  if (wide) return sumWide(dim, records, zero, partner, value, n, offset, sums, lead);
  return sumCompact(dim, records, zero, partner, value, n, offset, sums, lead, totals);
}

export function solve(
  wide: bool,
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
  if (wide) return solveIn<f64>(dim, numbers, sums, stride, precision, scale, mean, cov, room, to);
  return solveIn<f32>(dim, numbers, sums, stride, precision, scale, mean, cov, room, to);
}

export function moments(wide: bool, dim: usize, mean: usize, cov: usize, to: usize): void {
  if (wide) momentsOf<f64>(dim, mean, cov, to);
  else momentsOf<f32>(dim, mean, cov, to);
}

export function record(
  wide: bool,
  dim: usize,
  mean: usize,
  stride: usize,
  squares: usize,
  weights: usize,
  targets: usize,
): void {
  if (wide) wideRecords(dim, mean, stride, squares, weights, targets);
  else compactRecords(dim, mean, stride, squares, weights, targets);
}
