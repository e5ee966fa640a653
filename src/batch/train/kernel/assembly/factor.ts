/** Cholesky factors and inverses of as many matrices as a vector has lanes, side by side. Pointers are bytes. */
import { failing, lanes, madd, nmadd, none } from './vectors';

/** Stores a number of the factor, and takes its square from the pivot of its row. */
function settle<T>(at: usize, pivot: usize, x: v128): void {
  v128.store(at, x);
  v128.store(pivot, nmadd<T>(x, x, v128.load(pivot)));
}

/**
 * Cholesky factors in place of the lower triangles of n x n matrices, with room for four more rows behind; the inverses of
 * the pivots' roots go to `roots`, the pivots to `pivots`. Returns -1, or `lanes` times the row of the first pivot that is
 * not positive, and the lane.
 */
export function cholesky<T>(matrix: usize, n: usize, roots: usize, pivots: usize): i32 {
  const line = n << 4;
  for (let j: usize = 0; j < n; j++) {
    const rj = matrix + line * j;
    const end = j << 4;
    // what the columns before take from it is gone already
    const pivot = v128.load(rj + end);
    const failed = failing<T>(pivot);
    if (failed >= 0) return <i32>(j * lanes<T>()) + failed;
    v128.store(pivots + end, pivot);
    const root = v128.sqrt<T>(pivot);
    const scale = v128.div<T>(v128.splat<T>(<T>1), root);
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
        s0 = nmadd<T>(v128.load(r0 + k), by, s0);
        s1 = nmadd<T>(v128.load(r1 + k), by, s1);
        s2 = nmadd<T>(v128.load(r2 + k), by, s2);
        s3 = nmadd<T>(v128.load(r3 + k), by, s3);
        s4 = nmadd<T>(v128.load(r4 + k), by, s4);
        s5 = nmadd<T>(v128.load(r5 + k), by, s5);
        s6 = nmadd<T>(v128.load(r6 + k), by, s6);
        s7 = nmadd<T>(v128.load(r7 + k), by, s7);
      }
      const own = i << 4;
      settle<T>(r0 + end, r0 + own + 0, v128.mul<T>(s0, scale));
      settle<T>(r1 + end, r1 + own + 16, v128.mul<T>(s1, scale));
      settle<T>(r2 + end, r2 + own + 32, v128.mul<T>(s2, scale));
      settle<T>(r3 + end, r3 + own + 48, v128.mul<T>(s3, scale));
      settle<T>(r4 + end, r4 + own + 64, v128.mul<T>(s4, scale));
      settle<T>(r5 + end, r5 + own + 80, v128.mul<T>(s5, scale));
      settle<T>(r6 + end, r6 + own + 96, v128.mul<T>(s6, scale));
      settle<T>(r7 + end, r7 + own + 112, v128.mul<T>(s7, scale));
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
        s0 = nmadd<T>(v128.load(r0 + k), by, s0);
        s1 = nmadd<T>(v128.load(r1 + k), by, s1);
        s2 = nmadd<T>(v128.load(r2 + k), by, s2);
        s3 = nmadd<T>(v128.load(r3 + k), by, s3);
      }
      const own = i << 4;
      settle<T>(r0 + end, r0 + own, v128.mul<T>(s0, scale));
      settle<T>(r1 + end, r1 + own + 16, v128.mul<T>(s1, scale));
      settle<T>(r2 + end, r2 + own + 32, v128.mul<T>(s2, scale));
      settle<T>(r3 + end, r3 + own + 48, v128.mul<T>(s3, scale));
    }
  }
  return -1;
}

/** Inverses, both triangles, of what has its Cholesky factors at `factor`, with room behind both as there: `invertFromFactor` of cholesky.ts. */
export function invert<T>(factor: usize, n: usize, roots: usize, out: usize): void {
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
      let s0 = none();
      let s1 = none();
      let s2 = none();
      let s3 = none();
      let s4 = none();
      let s5 = none();
      let s6 = none();
      let s7 = none();
      for (let k = from; k < line; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd<T>(v128.load(r0 + k), by, s0);
        s1 = nmadd<T>(v128.load(r1 + k), by, s1);
        s2 = nmadd<T>(v128.load(r2 + k), by, s2);
        s3 = nmadd<T>(v128.load(r3 + k), by, s3);
        s4 = nmadd<T>(v128.load(r4 + k), by, s4);
        s5 = nmadd<T>(v128.load(r5 + k), by, s5);
        s6 = nmadd<T>(v128.load(r6 + k), by, s6);
        s7 = nmadd<T>(v128.load(r7 + k), by, s7);
      }
      v128.store(r0 + column, v128.mul<T>(s0, scale));
      v128.store(r1 + column, v128.mul<T>(s1, scale));
      v128.store(r2 + column, v128.mul<T>(s2, scale));
      v128.store(r3 + column, v128.mul<T>(s3, scale));
      v128.store(r4 + column, v128.mul<T>(s4, scale));
      v128.store(r5 + column, v128.mul<T>(s5, scale));
      v128.store(r6 + column, v128.mul<T>(s6, scale));
      v128.store(r7 + column, v128.mul<T>(s7, scale));
    }
    if (i < n) {
      const r0 = out + line * i;
      const r1 = r0 + line;
      const r2 = r1 + line;
      const r3 = r2 + line;
      let s0 = none();
      let s1 = none();
      let s2 = none();
      let s3 = none();
      for (let k = from; k < line; k += 16) {
        const by = v128.load(rj + k);
        s0 = nmadd<T>(v128.load(r0 + k), by, s0);
        s1 = nmadd<T>(v128.load(r1 + k), by, s1);
        s2 = nmadd<T>(v128.load(r2 + k), by, s2);
        s3 = nmadd<T>(v128.load(r3 + k), by, s3);
      }
      v128.store(r0 + column, v128.mul<T>(s0, scale));
      v128.store(r1 + column, v128.mul<T>(s1, scale));
      v128.store(r2 + column, v128.mul<T>(s2, scale));
      v128.store(r3 + column, v128.mul<T>(s3, scale));
    }
    let even = none();
    let odd = none();
    let k = from;
    let at = out + line * <usize>(j + 1) + column;
    for (; k + 16 < line; k += 32, at += line << 1) {
      const x = v128.load(at);
      const y = v128.load(at + line);
      even = madd<T>(v128.load(rj + k), x, even);
      odd = madd<T>(v128.load(rj + k, 16), y, odd);
      v128.store(rj + k, x);
      v128.store(rj + k, y, 16);
    }
    if (k < line) {
      const x = v128.load(at);
      even = madd<T>(v128.load(rj + k), x, even);
      v128.store(rj + k, x);
    }
    const sum = v128.add<T>(even, odd);
    v128.store(rj + column, v128.mul<T>(v128.sub<T>(scale, sum), scale));
  }
}
