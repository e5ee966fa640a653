import { packedSize } from '../../../model/cholesky.ts';
import { longestRow } from '../../../model/rating-matrix.ts';
import { notPositive } from '../../../model/reference-row-step.ts';
import { ROW_SUMS, storeNoise } from '../../../model/row-step.ts';
import type { RowNumbers, RowSide, RowStep } from '../../../model/row-step.ts';
import { floats, KernelThread, PLACE } from './kernel.ts';
import type { Kernel, KernelRows, RecordLayout } from './kernel.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;
/** Bytes of a vector. */
const VECTOR = 16;
/** Products of pivots beyond these bounds are taken the logarithm of. */
const HUGE = 1e200;

/**
 * The row step in WebAssembly. Partners are gathered into records, whose plain sum over a row is all that its posterior
 * needs, so that a row costs one read of each record; expected squares come from the same sums (docs/model.md 3.1, free
 * residuals). Rows are solved in groups, one in each lane of the registers; a row's numbers do not depend on the others.
 */
export class WasmRowStep implements RowStep {
  private readonly side: RowSide;
  private readonly kernel: Kernel;
  /** 1 where the kernel's records are wide. */
  private readonly wide: number;
  private readonly columns: KernelRows;
  private readonly thread: KernelThread;
  /** Where the rows' own records are, for the other side. */
  private readonly own: KernelRows;
  /** Byte addresses in the thread's room. */
  private readonly at: ReturnType<typeof layout>;
  /** The room as numbers, from its start. */
  private readonly room: Float64Array;
  /** The same as the numbers of vectors. */
  private readonly vectors: Float64Array | Float32Array;
  /** Bytes of one of those. */
  private readonly unit: number;
  /** Covariances of the group in the room, and where its records go. */
  private readonly cov: readonly Float64Array[];
  private readonly targets: Uint32Array;
  /** Rows of the group. */
  private readonly group: Int32Array;
  /** Ratings less their shifts, of one row. */
  private readonly centred: Float64Array | Float32Array | null;

  constructor(side: RowSide, kernel: Kernel) {
    this.side = side;
    this.kernel = kernel;
    this.wide = Number(kernel.wide);
    this.columns = kernel[side.name === 'reader' ? 'readers' : 'books'];
    if (side.shift !== null && this.columns.slot === null) {
      throw new RangeError('the kernel was made for partners without shifts');
    }
    const longest = side.shift === null ? 0 : longestRow(side.ratings.start) + 8;
    this.own = kernel[side.name === 'reader' ? 'books' : 'readers'];
    this.unit = kernel.wide ? F64 : Float32Array.BYTES_PER_ELEMENT;
    this.group = new Int32Array(VECTOR / this.unit);
    this.at = layout(side.dim, kernel.record, this.group.length);
    this.thread = new KernelThread(kernel, this.at.bytes + longest * F64);
    const { buffer, room } = this.thread;
    this.room = new Float64Array(buffer, room, this.at.bytes / F64);
    this.vectors = floats(buffer, kernel.wide, room, this.at.bytes / this.unit);
    this.cov = Array.from(
      this.group,
      (_, lane) =>
        new Float64Array(buffer, room + this.at.cov + lane * this.at.stride, packedSize(side.dim)),
    );
    this.targets = new Uint32Array(buffer, room + this.at.targets, this.group.length);
    this.centred =
      side.shift === null ? null : floats(buffer, kernel.wide, room + this.at.bytes, longest);
  }

  gather(from: number, to: number): void {
    const { at, room, thread, group } = this;
    const { dim, partners } = this.side;
    const packed = packedSize(dim);
    for (let n = from; n < to; n++) {
      for (let a = 0, m = at.mean / F64; a < dim; a++) room[m + a] = partners.mean[n * dim + a];
      for (let t = 0, c = at.cov / F64; t < packed; t++) {
        room[c + t] = partners.cov[n * packed + t];
      }
      const o = thread.room;
      thread.exports.moments(this.wide, dim, o + at.mean, o + at.cov, o + at.moments);
      for (let lane = 0; lane < group.length; lane++) this.weigh(lane, partners.precision[n]);
      this.targets.fill(this.columns.records + this.columns.position[n] * PLACE);
      this.record(0);
    }
  }

  solve(numbers: RowNumbers, from: number, to: number, sums: Float64Array): void {
    const { group, vectors, unit, at } = this;
    const { start } = this.side.ratings;
    vectors.set(numbers.priorPrecision, at.precision / unit);
    let size = 0;
    for (let n = from; n < to; n++) {
      if (start[n] === start[n + 1]) continue;
      this.sumRow(numbers, n, size);
      group[size++] = n;
      if (size < group.length) continue;
      this.solveGroup(numbers, size, sums);
      size = 0;
    }
    if (size > 0) this.solveGroup(numbers, size, sums);
  }

  /** Solves the first rows of the group, whose sums are there. */
  private solveGroup(numbers: RowNumbers, size: number, sums: Float64Array): void {
    const { at, thread, side, group, own } = this;
    const { rows } = side;
    for (let lane = size; lane < group.length; lane++) this.copyFirst(lane);
    const o = thread.room;
    const failed = thread.exports.solve(
      this.wide,
      side.dim,
      this.kernel.record.numbers,
      o + at.sums,
      at.stride,
      o + at.precision,
      o + at.scale,
      o + at.mean,
      o + at.cov,
      o + at.solve,
      o + at.moments,
    );
    if (failed >= 0) {
      throw notPositive(side, group[failed % group.length], Math.floor(failed / group.length));
    }
    for (let lane = 0; lane < size; lane++) this.store(numbers, group[lane], lane, sums);
    for (let lane = 0; lane < group.length; lane++) {
      this.weigh(lane, rows.precision[group[lane]]);
      this.targets[lane] = own.records + own.position[group[lane]] * PLACE;
    }
    this.record(at.stride);
  }

  /** Sums over the ratings of row n into the place of a lane. */
  private sumRow(numbers: RowNumbers, n: number, lane: number): void {
    const { at, unit, vectors, thread, columns } = this;
    const { dim, ratings, rows, priorMean } = this.side;
    const from = ratings.start[n];
    const own = lane * at.stride;
    const shifted = this.centre(numbers.offset, n);
    const value = shifted ? thread.room + at.bytes : columns.value + from * unit;
    const offset = shifted ? 0 : numbers.offset;
    const squares = this.sum(from, ratings.start[n + 1] - from, value, offset, own);
    if (shifted) this.addShifts(n, own);
    vectors[this.scaleOf(lane)] = numbers.tau * rows.precision[n];
    vectors[this.weightOf(lane)] = squares;
    const prior = (at.prior + own) / unit;
    for (let a = 0; a < dim; a++) vectors[prior + a] = priorMean[n * dim + a];
  }

  /** Sums over n ratings from place `from` on, whose values lie at `value`; returns their weighted squares. */
  private sum(from: number, n: number, value: number, offset: number, own: number): number {
    const { at, thread, columns } = this;
    const { exports, room } = thread;
    return exports.sum(
      this.wide,
      this.side.dim,
      columns.records,
      columns.zero,
      columns.partner + from * Uint32Array.BYTES_PER_ELEMENT,
      value,
      n,
      offset,
      room + at.sums + own,
      room + at.lead + own,
      room + at.totals,
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
    const { at, unit, vectors, kernel } = this;
    const { dim, ratings, partners, shift } = this.side;
    if (shift === null) return;
    const sums = (at.sums + own) / unit;
    const square = sums + 1;
    // that of factor a at place a, from 1 on
    const ties = sums + kernel.record.floats - 1;
    vectors[sums] = 0;
    vectors[square] = 0;
    vectors[(at.lead + own) / unit] = 0;
    vectors.fill(0, ties + 1, ties + dim);
    for (let k = ratings.start[n]; k < ratings.start[n + 1]; k++) {
      const slot = ratings.slot?.[k] ?? k;
      const weight = partners.precision[ratings.partner[slot]];
      for (let a = 1; a < dim; a++) {
        vectors[ties + a] += weight * shift.cov[slot * (dim - 1) + a - 1];
      }
      vectors[square] += weight * shift.variance[slot];
    }
  }

  /** Puts the first row of the group into a lane that has none of its own. */
  private copyFirst(lane: number): void {
    const { at, room, vectors, group } = this;
    const length = at.stride / F64;
    room.copyWithin(lane * length, 0, length);
    vectors[this.scaleOf(lane)] = vectors[this.scaleOf(0)];
    vectors[this.weightOf(lane)] = vectors[this.weightOf(0)];
    group[lane] = group[0];
  }

  private store(numbers: RowNumbers, n: number, lane: number, sums: Float64Array): void {
    const { at, room, vectors, unit, group } = this;
    const { dim, rows } = this.side;
    const packed = packedSize(dim);
    const own = lane * at.stride;
    for (let a = 0, m = (at.mean + own) / F64; a < dim; a++) rows.mean[n * dim + a] = room[m + a];
    rows.cov.set(this.cov[lane], n * packed);
    let product = 1;
    for (let a = 0, pivot = at.solve / unit + lane; a < dim; a++, pivot += group.length) {
      product *= vectors[pivot];
      if (product < HUGE && product > 1 / HUGE) continue;
      sums[ROW_SUMS.logDet] += Math.log(product);
      product = 1;
    }
    sums[ROW_SUMS.logDet] += Math.log(product);
    storeNoise(this.side, numbers, n, vectors[this.scaleOf(lane)], sums);
  }

  /** Place in `vectors` of a lane's factor of the sums, and then its expected squares. */
  private scaleOf(lane: number): number {
    return this.at.scale / this.unit + lane;
  }

  /** Place in `vectors` of a lane's squares of the ratings, and then its noise factor. */
  private weightOf(lane: number): number {
    return this.scaleOf(lane) + this.group.length;
  }

  /** Sets the noise factor of a lane for `record`; the squares of its ratings have done their work. */
  private weigh(lane: number, factor: number): void {
    this.vectors[this.weightOf(lane)] = factor;
  }

  /** Writes the records of the group, whose means lie `stride` apart, to `targets`. */
  private record(stride: number): void {
    const { at, thread } = this;
    const o = thread.room;
    thread.exports.record(
      this.wide,
      this.side.dim,
      o + at.mean,
      stride,
      o + at.moments,
      o + at.scale + VECTOR,
      o + at.targets,
    );
  }
}

/** Byte addresses within a thread's room; what a row has of its own comes first, once a lane, `stride` apart. */
function layout(dim: number, { floats, numbers }: RecordLayout, lanes: number) {
  const unit = VECTOR / lanes;
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / VECTOR) * VECTOR;
    return at;
  };
  const sums = place(numbers * unit);
  const lead = place(floats * unit);
  const prior = place(dim * unit);
  const mean = place(dim * F64);
  const cov = place(packedSize(dim) * F64);
  const stride = end;
  end = lanes * stride;
  const precision = place(dim * dim * unit);
  const scale = place(2 * VECTOR);
  const targets = place(lanes * Uint32Array.BYTES_PER_ELEMENT);
  const solve = place((2 * dim * dim + 12 * dim + numbers + floats + dim + 3) * VECTOR);
  const moments = place(packedSize(dim) * VECTOR);
  const totals = place((numbers + floats) * F64);
  return {
    sums,
    lead,
    prior,
    mean,
    cov,
    stride,
    precision,
    scale,
    targets,
    solve,
    moments,
    totals,
    bytes: end,
  };
}
