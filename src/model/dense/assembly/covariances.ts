/**
 * Covariances of a reader's ratings with each other in AssemblyScript, and what is summed with them. Pointers are bytes. Columns: `rows`
 * has `R` of n numbers; `labels` has a column of n label numbers, NaN where there is none, for each slot: family f has the
 * slots `slot[f] .. slot[f + 1]`; `weight` and `out` have what their functions say.
 */
import { both, madd } from './dense-kernel';

/** Where family f has its slots. */
function slotOf(slot: usize, f: usize): usize {
  return <usize>load<i32>(slot + (f << 2));
}

function isSingle(slot: usize, f: usize): bool {
  return slotOf(slot, f + 1) - slotOf(slot, f) == 1;
}

/** Labels of family f that ratings k and l share. */
function shared(n: usize, labels: usize, slot: usize, f: usize, k: usize, l: usize): f64 {
  let count: f64 = 0;
  const end = slotOf(slot, f + 1);
  for (let a = slotOf(slot, f); a < end; a++) {
    const label = load<f64>(labels + ((a * n + k) << 3));
    for (let b = slotOf(slot, f); b < end; b++) {
      if (label == load<f64>(labels + ((b * n + l) << 3))) count++;
    }
  }
  return count;
}

/** One covariance. */
function covariance(
  n: usize,
  rows: usize,
  R: usize,
  labels: usize,
  slot: usize,
  F: usize,
  weight: usize,
  variance: usize,
  k: usize,
  l: usize,
): f64 {
  const line = n << 3;
  let sum: f64 = 0;
  for (let r: usize = 0, row = rows; r < R; r++, row += line) {
    sum += load<f64>(row + (k << 3)) * load<f64>(row + (l << 3));
  }
  for (let f: usize = 0; f < F; f++) {
    const own = weight + f * line;
    const both = load<f64>(own + (k << 3)) * load<f64>(own + (l << 3));
    sum += shared(n, labels, slot, f, k, l) * both * load<f64>(variance + (f << 3));
  }
  return sum;
}

/**
 * Lower triangle of sum_r rows_rk rows_rl + sum_f variance_f weight_fk weight_fl (labels of f that k and l share), n x n at `out`;
 * what lies above its diagonal may be written too. `weight` has a column of n numbers a family, `variance` a number.
 */
export function covariances(
  n: usize,
  rows: usize,
  R: usize,
  labels: usize,
  slot: usize,
  F: usize,
  weight: usize,
  variance: usize,
  out: usize,
): void {
  const line = n << 3;
  let k: usize = 0;
  for (; k + 1 < n; k += 2) {
    const to = out + k * line;
    let l: usize = 0;
    // both rows up to the diagonal of the second, four columns at a time as long as they lie within the row
    for (; l <= k + 1 && l + 4 <= n; l += 4) {
      const x = k << 3;
      const y = l << 3;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let t0 = f64x2.splat(0);
      let t1 = f64x2.splat(0);
      for (let r: usize = 0, row = rows; r < R; r++, row += line) {
        const a = v128.load_splat<f64>(row + x);
        const b = v128.load_splat<f64>(row + x, 8);
        const c = v128.load(row + y);
        const d = v128.load(row + y, 16);
        s0 = madd(a, c, s0);
        s1 = madd(a, d, s1);
        t0 = madd(b, c, t0);
        t1 = madd(b, d, t1);
      }
      for (let f: usize = 0; f < F; f++) {
        const v = v128.load_splat<f64>(variance + (f << 3));
        if (isSingle(slot, f)) {
          const column = labels + slotOf(slot, f) * line;
          const a = v128.load_splat<f64>(column + x);
          const b = v128.load_splat<f64>(column + x, 8);
          const c = v128.load(column + y);
          const d = v128.load(column + y, 16);
          s0 = f64x2.add(s0, v128.and(f64x2.eq(a, c), v));
          s1 = f64x2.add(s1, v128.and(f64x2.eq(a, d), v));
          t0 = f64x2.add(t0, v128.and(f64x2.eq(b, c), v));
          t1 = f64x2.add(t1, v128.and(f64x2.eq(b, d), v));
          continue;
        }
        const own = weight + f * line;
        const a = f64x2.mul(v, v128.load_splat<f64>(own + x));
        const b = f64x2.mul(v, v128.load_splat<f64>(own + x, 8));
        const c = v128.load(own + y);
        const d = v128.load(own + y, 16);
        const ac = f64x2.mul(a, c);
        const ad = f64x2.mul(a, d);
        const bc = f64x2.mul(b, c);
        const bd = f64x2.mul(b, d);
        const from = slotOf(slot, f);
        const end = slotOf(slot, f + 1);
        for (let p = from; p < end; p++) {
          const one = v128.load_splat<f64>(labels + p * line + x);
          const two = v128.load_splat<f64>(labels + p * line + x, 8);
          for (let q = from; q < end; q++) {
            const u = v128.load(labels + q * line + y);
            const w = v128.load(labels + q * line + y, 16);
            s0 = f64x2.add(s0, v128.and(f64x2.eq(one, u), ac));
            s1 = f64x2.add(s1, v128.and(f64x2.eq(one, w), ad));
            t0 = f64x2.add(t0, v128.and(f64x2.eq(two, u), bc));
            t1 = f64x2.add(t1, v128.and(f64x2.eq(two, w), bd));
          }
        }
      }
      v128.store(to + y, s0);
      v128.store(to + y, s1, 16);
      v128.store(to + line + y, t0);
      v128.store(to + line + y, t1, 16);
    }
    for (; l <= k + 1; l++) {
      const at = to + (l << 3);
      if (l <= k) {
        store<f64>(at, covariance(n, rows, R, labels, slot, F, weight, variance, k, l));
      }
      store<f64>(at + line, covariance(n, rows, R, labels, slot, F, weight, variance, k + 1, l));
    }
  }
  for (let l: usize = 0; k < n && l <= k; l++) {
    const at = out + k * line + (l << 3);
    store<f64>(at, covariance(n, rows, R, labels, slot, F, weight, variance, k, l));
  }
}

/** sum_l matrix_kl rows_rl of every row, R x n at `out`; the matrix has both triangles. */
export function timesRows(n: usize, matrix: usize, rows: usize, R: usize, out: usize): void {
  const line = n << 3;
  const pairs = (n & ~1) << 3;
  for (let k: usize = 0, row = matrix; k < n; k++, row += line) {
    const last = row + pairs;
    let r: usize = 0;
    for (; r + 3 < R; r += 4) {
      const x0 = rows + r * line;
      const x1 = x0 + line;
      const x2 = x1 + line;
      const x3 = x2 + line;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let s2 = f64x2.splat(0);
      let s3 = f64x2.splat(0);
      for (let l: usize = 0; l < pairs; l += 16) {
        const w = v128.load(row + l);
        s0 = madd(w, v128.load(x0 + l), s0);
        s1 = madd(w, v128.load(x1 + l), s1);
        s2 = madd(w, v128.load(x2 + l), s2);
        s3 = madd(w, v128.load(x3 + l), s3);
      }
      const w = pairs < line ? load<f64>(last) : 0;
      const to = out + r * line + (k << 3);
      store<f64>(to, both(s0) + w * (pairs < line ? load<f64>(x0 + pairs) : 0));
      store<f64>(to + line, both(s1) + w * (pairs < line ? load<f64>(x1 + pairs) : 0));
      store<f64>(to + 2 * line, both(s2) + w * (pairs < line ? load<f64>(x2 + pairs) : 0));
      store<f64>(to + 3 * line, both(s3) + w * (pairs < line ? load<f64>(x3 + pairs) : 0));
    }
    for (; r < R; r++) {
      const x = rows + r * line;
      let s = f64x2.splat(0);
      for (let l: usize = 0; l < pairs; l += 16) {
        s = madd(v128.load(row + l), v128.load(x + l), s);
      }
      const rest = pairs < line ? load<f64>(last) * load<f64>(x + pairs) : 0;
      store<f64>(out + r * line + (k << 3), both(s) + rest);
    }
  }
}

/**
 * By family three numbers at `out`: sum_kl matrix_kl K_kl, sum_kl vector_k vector_l K_kl and how many different labels there are, where K_kl is
 * weight_k weight_l (labels that k and l share).
 */
export function familySums(
  n: usize,
  labels: usize,
  slot: usize,
  F: usize,
  weight: usize,
  matrix: usize,
  vector: usize,
  out: usize,
): void {
  for (let f: usize = 0; f < F; f++) {
    const to = out + f * 24;
    if (isSingle(slot, f)) {
      singleSums(n, labels + ((slotOf(slot, f) * n) << 3), matrix, vector, to);
    } else {
      sharedSums(n, labels, slot, f, weight + ((f * n) << 3), matrix, vector, to);
    }
  }
}

function singleSums(n: usize, column: usize, matrix: usize, vector: usize, out: usize): void {
  const line = n << 3;
  let met: f64 = 0;
  let own: f64 = 0;
  let ownSquare: f64 = 0;
  let w = f64x2.splat(0);
  let t = f64x2.splat(0);
  for (let k: usize = 0, row = matrix; k < n; k++, row += line) {
    const at = k << 3;
    const label = load<f64>(column + at);
    // NaN: no label
    if (label != label) continue;
    const x = load<f64>(vector + at);
    const labelTwice = f64x2.splat(label);
    const xTwice = f64x2.splat(x);
    let any = f64x2.splat(0);
    let l: usize = 0;
    for (; l + 8 < at; l += 16) {
      const same = f64x2.eq(labelTwice, v128.load(column + l));
      any = v128.or(any, same);
      w = f64x2.add(w, v128.and(same, v128.load(row + l)));
      t = f64x2.add(t, v128.and(same, f64x2.mul(xTwice, v128.load(vector + l))));
    }
    let before = v128.any_true(any);
    let last: f64 = 0;
    let lastSquare: f64 = 0;
    if (l < at && load<f64>(column + l) == label) {
      before = true;
      last = 2 * load<f64>(row + l);
      lastSquare = 2 * x * load<f64>(vector + l);
    }
    if (!before) met++;
    own += last + load<f64>(row + at);
    ownSquare += lastSquare + x * x;
  }
  store<f64>(out, own + 2 * both(w));
  store<f64>(out, ownSquare + 2 * both(t), 8);
  store<f64>(out, met, 16);
}

function sharedSums(
  n: usize,
  labels: usize,
  slot: usize,
  f: usize,
  weight: usize,
  matrix: usize,
  vector: usize,
  out: usize,
): void {
  let sum: f64 = 0;
  let square: f64 = 0;
  let met: f64 = 0;
  for (let k: usize = 0; k < n; k++) {
    for (let l: usize = 0; l <= k; l++) {
      const count = shared(n, labels, slot, f, k, l);
      if (count == 0) continue;
      const common = count * load<f64>(weight + (k << 3)) * load<f64>(weight + (l << 3));
      const twice = l < k ? 2 * common : common;
      sum += twice * load<f64>(matrix + ((k * n + l) << 3));
      square += twice * load<f64>(vector + (k << 3)) * load<f64>(vector + (l << 3));
    }
    const end = slotOf(slot, f + 1);
    for (let a = slotOf(slot, f); a < end; a++) {
      const label = load<f64>(labels + ((a * n + k) << 3));
      if (label == label && !isBefore(n, labels, slot, f, k, label)) met++;
    }
  }
  store<f64>(out, sum);
  store<f64>(out, square, 8);
  store<f64>(out, met, 16);
}

/** Whether a rating before k has the label. */
function isBefore(n: usize, labels: usize, slot: usize, f: usize, k: usize, label: f64): bool {
  const end = slotOf(slot, f + 1);
  for (let a = slotOf(slot, f); a < end; a++) {
    for (let l: usize = 0; l < k; l++) {
      if (load<f64>(labels + ((a * n + l) << 3)) == label) return true;
    }
  }
  return false;
}
