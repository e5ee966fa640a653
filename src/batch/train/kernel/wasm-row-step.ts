import { packedSize } from '../../../model/cholesky.ts';
import { longestRow } from '../../../model/rating-matrix.ts';
import { notPositive } from '../../../model/reference-row-step.ts';
import { ROW_SUMS, storeNoise } from '../../../model/row-step.ts';
import type { RowNumbers, RowSide, RowStep } from '../../../model/row-step.ts';
import { floats, KernelThread, PLACE } from './kernel.ts';
import type { Kernel, KernelRows, RecordLayout } from './kernel.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;
/** Products of pivots beyond these bounds are taken the logarithm of. */
const HUGE = 1e200;

/**
 * The row step in WebAssembly. Partners are gathered into records, whose plain sum over a row is all that its posterior
 * needs, so that a row costs one read of each record; expected squares come from the same sums (docs/model.md 3.1, free
 * residuals). Rows are solved two at a time, one in each half of the registers; a row's numbers do not depend on the other.
 */
export class WasmRowStep implements RowStep {
  private readonly side: RowSide;
  private readonly kernel: Kernel;
  private readonly columns: KernelRows;
  private readonly thread: KernelThread;
  /** Where the rows' own records are, for the other side. */
  private readonly own: KernelRows;
  /** Byte addresses in the thread's room. */
  private readonly at: ReturnType<typeof layout>;
  /** The room as numbers, from its start. */
  private readonly room: Float64Array;
  /** Covariances of the pair in the room. */
  private readonly cov: readonly Float64Array[];
  /** Ratings less their shifts, of one row. */
  private readonly centred: Float64Array | Float32Array | null;

  constructor(side: RowSide, kernel: Kernel) {
    this.side = side;
    this.kernel = kernel;
    this.columns = kernel[side.name === 'reader' ? 'readers' : 'books'];
    if (side.shift !== null && this.columns.slot === null) {
      throw new RangeError('the kernel was made for partners without shifts');
    }
    const longest = side.shift === null ? 0 : longestRow(side.ratings.start) + 8;
    this.own = kernel[side.name === 'reader' ? 'books' : 'readers'];
    this.at = layout(side.dim, kernel.record);
    this.thread = new KernelThread(kernel, this.at.bytes + longest * F64);
    const { buffer, room } = this.thread;
    this.room = new Float64Array(buffer, room, this.at.bytes / F64);
    this.cov = [this.at.cov, this.at.cov + this.at.stride].map(
      (at) => new Float64Array(buffer, room + at, packedSize(side.dim)),
    );
    this.centred =
      side.shift === null ? null : floats(buffer, kernel.wide, room + this.at.bytes, longest);
  }

  gather(from: number, to: number): void {
    const { at, room, thread } = this;
    const { dim, partners } = this.side;
    const packed = packedSize(dim);
    for (let n = from; n < to; n++) {
      for (let a = 0, m = at.mean / F64; a < dim; a++) room[m + a] = partners.mean[n * dim + a];
      for (let t = 0, c = at.cov / F64; t < packed; t++) {
        room[c + t] = partners.cov[n * packed + t];
      }
      const o = thread.room;
      thread.exports.moments(dim, o + at.mean, o + at.cov, o + at.moments);
      this.weigh(0, partners.precision[n]);
      this.weigh(1, partners.precision[n]);
      this.record(this.columns, n, n, 0);
    }
  }

  solve(numbers: RowNumbers, from: number, to: number, sums: Float64Array): void {
    const { start } = this.side.ratings;
    this.room.set(numbers.priorPrecision, this.at.precision / F64);
    let first = -1;
    for (let n = from; n < to; n++) {
      if (start[n] === start[n + 1]) continue;
      if (first >= 0) this.solvePair(numbers, first, n, sums);
      first = first >= 0 ? -1 : n;
    }
    if (first >= 0) this.solvePair(numbers, first, first, sums);
  }

  /** Solves two rows, or one that is given twice. */
  private solvePair(numbers: RowNumbers, first: number, second: number, sums: Float64Array): void {
    const { at, thread, side } = this;
    const { rows } = side;
    this.sumRow(numbers, first, 0);
    if (second === first) this.copyFirst();
    else this.sumRow(numbers, second, 1);
    const o = thread.room;
    const failed = thread.exports.solve(
      side.dim,
      o + at.sums,
      o + at.lead,
      o + at.prior,
      at.stride,
      o + at.precision,
      o + at.scale,
      o + at.mean,
      o + at.cov,
      o + at.solve,
      o + at.moments,
    );
    if (failed >= 0) throw notPositive(side, failed % 2 === 0 ? first : second, failed >> 1);
    this.store(numbers, first, 0, sums);
    if (second !== first) this.store(numbers, second, 1, sums);
    else this.weigh(1, rows.precision[first]);
    this.record(this.own, first, second, at.stride);
  }

  /** Sums over the ratings of row n into the place of the pair's first or second. */
  private sumRow(numbers: RowNumbers, n: number, lane: number): void {
    const { at, room, thread, kernel, columns } = this;
    const { dim, ratings, rows, priorMean } = this.side;
    const from = ratings.start[n];
    const own = lane * at.stride;
    const shifted = this.centre(numbers.offset, n);
    const value = shifted ? thread.room + at.bytes : columns.value + from * (kernel.wide ? 8 : 4);
    const offset = shifted ? 0 : numbers.offset;
    const squares = this.sum(from, ratings.start[n + 1] - from, value, offset, own);
    if (shifted) this.addShifts(n, own);
    room[at.scale / F64 + lane] = numbers.tau * rows.precision[n];
    room[at.scale / F64 + 2 + lane] = squares;
    for (let a = 0; a < dim; a++) room[(at.prior + own) / F64 + a] = priorMean[n * dim + a];
  }

  /** Sums over n ratings from place `from` on, whose values lie at `value`; returns their weighted squares. */
  private sum(from: number, n: number, value: number, offset: number, own: number): number {
    const { at, thread, columns } = this;
    const { exports, room } = thread;
    const sum = this.kernel.wide ? exports.sum64 : exports.sum16;
    return sum(
      this.side.dim,
      columns.records,
      columns.zero,
      columns.partner + from * Uint32Array.BYTES_PER_ELEMENT,
      value,
      n,
      offset,
      room + at.sums + own,
      room + at.lead + own,
      room + at.narrow,
    );
  }

  /** Writes r - mu - E[a] of a row's ratings where its partners have shifts; says whether they have. */
  private centre(offset: number, n: number): boolean {
    const { centred } = this;
    const { slot: slots } = this.columns;
    const { ratings, shift } = this.side;
    if (shift === null || centred === null || slots === null) return false;
    const end = ratings.start[n + 1];
    for (let k = ratings.start[n], out = 0; k < end; k++, out++) {
      const slot = slots[k];
      centred[out] = ratings.value[slot] - offset - shift.mean[slot];
    }
    return true;
  }

  /** Puts the sums of Cov(p, a) and Var(a) in the place of those of E[b p] and E[b^2]. */
  private addShifts(n: number, own: number): void {
    const { at, room, kernel } = this;
    const { dim, ratings, partners, shift } = this.side;
    if (shift === null) return;
    const sums = (at.sums + own) / F64;
    const square = sums + dim + 1;
    // that of factor a at place a, from 1 on
    const ties = sums + kernel.record.floats - 1;
    room[sums] = 0;
    room[square] = 0;
    room[(at.lead + own) / F64] = 0;
    room.fill(0, ties + 1, ties + dim);
    for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
      const slot = ratings.slot?.[k] ?? k;
      const weight = partners.precision[ratings.partner[slot]];
      for (let a = 1; a < dim; a++) {
        room[ties + a] += weight * shift.cov[slot * (dim - 1) + a - 1];
      }
      room[square] += weight * shift.variance[slot];
    }
  }

  private copyFirst(): void {
    const { at, room } = this;
    room.copyWithin(at.stride / F64, 0, at.stride / F64);
    room[at.scale / F64 + 1] = room[at.scale / F64];
    room[at.scale / F64 + 3] = room[at.scale / F64 + 2];
  }

  private store(numbers: RowNumbers, n: number, lane: number, sums: Float64Array): void {
    const { at, room } = this;
    const { dim, rows } = this.side;
    const packed = packedSize(dim);
    const own = lane * at.stride;
    for (let a = 0, m = (at.mean + own) / F64; a < dim; a++) rows.mean[n * dim + a] = room[m + a];
    rows.cov.set(this.cov[lane], n * packed);
    let product = 1;
    for (let a = 0, pivot = at.solve / F64 + lane; a < dim; a++, pivot += 2) {
      product *= room[pivot];
      if (product < HUGE && product > 1 / HUGE) continue;
      sums[ROW_SUMS.logDet] += Math.log(product);
      product = 1;
    }
    sums[ROW_SUMS.logDet] += Math.log(product);
    storeNoise(this.side, numbers, n, room[at.scale / F64 + lane], sums);
    this.weigh(lane, rows.precision[n]);
  }

  /** Sets the noise factor of the pair's first or second for `record`; the squares of its ratings have done their work. */
  private weigh(lane: number, factor: number): void {
    this.room[this.at.scale / F64 + 2 + lane] = factor;
  }

  /** Writes the records of a pair, whose means lie `stride` apart. */
  private record(to: KernelRows, first: number, second: number, stride: number): void {
    const { at, thread } = this;
    const o = thread.room;
    thread.exports.record(
      this.side.dim,
      o + at.mean,
      stride,
      o + at.moments,
      o + at.scale + 2 * F64,
      Number(this.kernel.wide),
      to.records + to.position[first] * PLACE,
      to.records + to.position[second] * PLACE,
    );
  }
}

/** Byte addresses within a thread's room; what a row has of its own comes first, twice, `stride` apart. */
function layout(dim: number, { head, numbers }: RecordLayout) {
  let end = 0;
  const place = (count: number): number => {
    const at = end;
    // 16 bytes
    end += Math.ceil(count / 2) * 2 * F64;
    return at;
  };
  const sums = place(numbers);
  const lead = place(head);
  const sumLength = end / F64;
  const prior = place(dim);
  const mean = place(dim);
  const cov = place(packedSize(dim));
  const stride = end;
  end += stride;
  const precision = place(dim * dim);
  const scale = place(4);
  const solve = place(2 * (2 * dim * dim + 12 * dim));
  const moments = place(2 * packedSize(dim));
  const narrow = place(sumLength / 2);
  return {
    sums,
    lead,
    sumLength,
    prior,
    mean,
    cov,
    stride,
    precision,
    scale,
    solve,
    moments,
    narrow,
    bytes: end,
  };
}
