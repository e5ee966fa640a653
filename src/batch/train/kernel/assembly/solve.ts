/** Posteriors of as many rows at once as a vector has lanes. Pointers are bytes. */
import { cholesky, invert } from './factor';
import { ONE, recordFloats, SQUARE } from './layout';
import { dot, dotOfOne, gather, madd, nmadd, none, scatter } from './vectors';

/**
 * Posteriors of rows from their sums. At `sums` lie, one behind the other, the sums of the first row, `numbers` in all, those
 * times the ratings, and its prior mean m0, D numbers; those of the other rows follow `stride` bytes apart. `precision` is
 * Lambda, D x D, in T. `scale` holds the vector of factors of the sums and that of the squares of the ratings; the expected
 * squares are written in the place of the first. `mean` gets D and `cov` D(D+1)/2 f64 numbers of the first row, those of the
 * others `stride` apart. Scratch at `room`: 2 D^2 + 12 D vectors, of which the pivots come first, and one for each number that
 * is read, filled up to four. `moments` gets E[w w^T] as vectors, columns of the lower triangles one behind the other.
 * Returns -1 or the failing pivot as `cholesky`.
 */
export function solve<T>(
  dim: usize,
  numbers: usize,
  sums: usize,
  stride: usize,
  precision: usize,
  scale: usize,
  mean: usize,
  cov: usize,
  room: usize,
  moments: usize,
): i32 {
  const line = dim << 4;
  const pivots = room;
  const roots = pivots + line;
  const linear = roots + line;
  const centre = linear + line;
  const factor = centre + line;
  const inverse = factor + line * (dim + 4);
  // what is read, side by side
  const own = inverse + line * (dim + 4);
  const lead = own + (numbers << 4);
  const prior = lead + (recordFloats(dim) << 4);
  // that of row a at place a, from 1 on
  const ties = own + ((recordFloats(dim) - 1) << 4);
  const columns = ties + line;
  const by = v128.load(scale);
  gather<T>(sums, sums + (numbers + recordFloats(dim) + dim) * sizeof<T>(), stride, own);
  for (let b: usize = 0, at = own + (ONE << 4); b < dim; b++) {
    for (let a = b; a < dim; a++, at += 16) {
      const start = v128.load_splat<T>(precision + (a * dim + b) * sizeof<T>());
      v128.store(factor + line * a + (b << 4), madd<T>(by, v128.load(at), start));
    }
    if (b == 0) at = columns;
  }
  for (let a: usize = 0; a < dim; a++) {
    const less = a == 0 ? own : ties + (a << 4);
    const rest = v128.sub<T>(v128.load(lead + ((ONE + a) << 4)), v128.load(less));
    v128.store(centre + (a << 4), rest);
    const drawn = dotOfOne<T>(precision + a * dim * sizeof<T>(), prior, line);
    v128.store(linear + (a << 4), madd<T>(by, rest, drawn));
  }
  const failed = cholesky<T>(factor, dim, roots, pivots);
  if (failed >= 0) return failed;
  invert<T>(factor, dim, roots, inverse);
  // roots and factor are free from here on: means go to `roots`
  const leading = v128.load(lead);
  let squares = v128.add<T>(
    v128.sub<T>(v128.load(scale, 16), v128.add<T>(leading, leading)),
    v128.load(own, SQUARE << 4),
  );
  for (let a: usize = 0; a < dim; a++) {
    const sum = dot<T>(inverse + line * a, linear, line);
    v128.store(roots + (a << 4), sum);
    squares = nmadd<T>(v128.add<T>(sum, sum), v128.load(centre + (a << 4)), squares);
    scatter<T>(sum, mean + (a << 3), stride);
  }
  for (let b: usize = 0, at = own + (ONE << 4), to = moments; b < dim; b++) {
    const m = v128.load(roots + (b << 4));
    // the inverse is whole, so that its rows are its columns
    const row = inverse + line * b;
    const first = b << 4;
    const diagonal = madd<T>(m, m, v128.load(row + first));
    v128.store(to, diagonal);
    squares = madd<T>(diagonal, v128.load(at), squares);
    at += 16;
    to += 16;
    let even = none();
    let odd = none();
    let k = first + 16;
    for (; k + 16 < line; k += 32, at += 32, to += 32) {
      const x = madd<T>(m, v128.load(roots + k), v128.load(row + k));
      const y = madd<T>(m, v128.load(roots + k, 16), v128.load(row + k, 16));
      v128.store(to, x);
      v128.store(to, y, 16);
      even = madd<T>(x, v128.load(at), even);
      odd = madd<T>(y, v128.load(at, 16), odd);
    }
    if (k < line) {
      const x = madd<T>(m, v128.load(roots + k), v128.load(row + k));
      v128.store(to, x);
      even = madd<T>(x, v128.load(at), even);
      at += 16;
      to += 16;
    }
    const column = v128.add<T>(even, odd);
    squares = v128.add<T>(squares, v128.add<T>(column, column));
    if (b == 0) at = columns;
  }
  for (let a: usize = 0, to = cov; a < dim; a++) {
    for (let k: usize = 0; k <= a << 4; k += 16, to += 8) {
      scatter<T>(v128.load(inverse + line * a + k), to, stride);
    }
  }
  v128.store(scale, squares);
  return -1;
}

/** `moments` of a posterior as it is stored, the same in all lanes: what `solve` writes. */
export function moments<T>(dim: usize, mean: usize, cov: usize, to: usize): void {
  for (let b: usize = 0; b < dim; b++) {
    const m = v128.splat<T>(<T>load<f64>(mean + (b << 3)));
    for (let a = b; a < dim; a++, to += 16) {
      const c = v128.splat<T>(<T>load<f64>(cov + ((((a * (a + 1)) >> 1) + b) << 3)));
      v128.store(to, madd<T>(m, v128.splat<T>(<T>load<f64>(mean + (a << 3))), c));
    }
  }
}
