import { packedSize } from '../../../model/cholesky.ts';
import { notPositive } from '../../../model/reference-row-step.ts';
import { ROW_SUMS, storeNoise } from '../../../model/row-step.ts';
import type { RowNumbers, RowRatings, RowSide, RowStep } from '../../../model/row-step.ts';
import {
  ask,
  CONTROL,
  inputLayout,
  PLACE_WORDS,
  posteriorWords,
  RESULT_WORDS,
  resultsAt,
  ROW_WORDS,
  SIDE,
  TASK,
  withBox,
} from './gpu-kernel.ts';
import type { Box, GpuKernel } from './gpu-kernel.ts';

/**
 * The row step on a GPU, in f32. Posteriors of both sides stay there from half-sweep to half-sweep; ratings, priors and
 * shifts of a chunk of rows are sent with it, and its posteriors come back.
 */
export class GpuRowStep implements RowStep {
  private readonly side: RowSide;
  private readonly kernel: GpuKernel;
  private readonly words: number;
  private readonly ratings: RowRatings;

  constructor(side: RowSide, kernel: GpuKernel) {
    if (side.shift !== null && !kernel.isShifted) {
      throw new RangeError('the kernel was made for partners without shifts');
    }
    this.side = side;
    this.kernel = kernel;
    this.words = posteriorWords(side.dim);
    const { bookRatings } = kernel;
    this.ratings =
      side.name === 'book' && bookRatings !== null
        ? { ...side.ratings, ...bookRatings, slot: null }
        : side.ratings;
  }

  gather(from: number, to: number): void {
    const partners = this.side.name === 'reader' ? SIDE.book : SIDE.reader;
    const { rows } = this.kernel;
    for (let first = from; first < to; first += rows) {
      const end = Math.min(to, first + rows);
      withBox(this.kernel, (box) => {
        this.packPartners(box.input, first, end);
        setTask(box, TASK.take, partners, { from: first, to: end, rows: 0, places: 0 });
        ask(this.kernel, box);
      });
    }
  }

  solve(numbers: RowNumbers, from: number, to: number, sums: Float64Array): void {
    const { start } = this.side.ratings;
    let rows = 0;
    for (let n = from; n < to; n++) rows += Number(start[n] < start[n + 1]);
    if (rows === 0) return;
    const chunk = { from, to, rows, places: start[to] - start[from] };
    withBox(this.kernel, (box) => {
      this.pack(box, numbers, chunk);
      setTask(box, TASK.solve, SIDE[this.side.name], chunk);
      ask(this.kernel, box);
      this.unpack(box.output, numbers, chunk, sums);
    });
  }

  private packPartners(input: Float32Array, from: number, to: number): void {
    const { dim, partners } = this.side;
    const packed = packedSize(dim);
    let at = 0;
    for (let n = from; n < to; n++) {
      for (let a = 0, m = n * dim; a < dim; a++) input[at++] = partners.mean[m++];
      for (let t = 0, s = n * packed; t < packed; t++) input[at++] = partners.cov[s++];
    }
  }

  /** Writes rows, priors, ratings and shifts as row-step.wgsl reads them. */
  private pack(box: Box, numbers: RowNumbers, { from, to, rows, places }: Chunk): void {
    const { input } = box;
    const { dim, priorMean, ratings } = this.side;
    const { start } = ratings;
    const at = inputLayout(this.kernel, rows, places);
    const whole = new Uint32Array(input.buffer);
    input.set(numbers.priorPrecision, at.prior);
    let row = 0;
    let mean = at.prior + dim * dim;
    for (let n = from; n < to; n++) {
      const count = start[n + 1] - start[n];
      if (count === 0) continue;
      whole[row] = n;
      whole[row + 1] = start[n] - start[from];
      whole[row + 2] = count;
      input[row + 3] = numbers.tau * this.side.rows.precision[n];
      row += ROW_WORDS;
      for (let a = 0; a < dim; a++) input[mean++] = priorMean[n * dim + a];
    }
    this.packRatings(input, whole, at, {
      offset: numbers.offset,
      from: start[from],
      to: start[to],
    });
  }

  /** Writes the ratings at the places `from .. to`. */
  private packRatings(
    input: Float32Array,
    whole: Uint32Array,
    at: { places: number; ties: number },
    { offset, from, to }: { offset: number; from: number; to: number },
  ): void {
    const { dim, partners, shift } = this.side;
    const { slot: slots, partner, value } = this.ratings;
    const factors = dim - 1;
    let tie = at.ties;
    for (let k = from, place = at.places; k < to; k++, place += PLACE_WORDS) {
      const slot = slots === null ? k : slots[k];
      const other = partner[slot];
      whole[place] = other;
      input[place + 1] = partners.precision[other];
      input[place + 2] = value[slot] - offset - (shift === null ? 0 : shift.mean[slot]);
      if (shift === null) continue;
      input[place + 3] = shift.variance[slot];
      for (let a = 0; a < factors; a++) input[tie++] = shift.cov[slot * factors + a];
    }
  }

  /** Reads the posteriors of the rows `from .. to`, and what is left of the step. */
  private unpack(
    output: Float32Array,
    numbers: RowNumbers,
    { from, to }: Chunk,
    sums: Float64Array,
  ): void {
    const { side, words } = this;
    const { dim, rows, ratings } = side;
    const packed = packedSize(dim);
    let at = resultsAt(dim, to - from);
    for (let n = from; n < to; n++) {
      if (ratings.start[n] === ratings.start[n + 1]) continue;
      const [squares, logDet, failed] = [output[at], output[at + 1], output[at + 2]];
      at += RESULT_WORDS;
      if (failed < dim) throw notPositive(side, n, failed);
      const mean = (n - from) * words;
      for (let a = 0; a < dim; a++) rows.mean[n * dim + a] = output[mean + a];
      for (let t = 0, s = n * packed, c = mean + dim; t < packed; t++) rows.cov[s++] = output[c++];
      sums[ROW_SUMS.logDet] += logDet;
      storeNoise(side, numbers, n, squares, sums);
    }
  }
}

/** Rows `from .. to`, of which so many have ratings, and the number of these. */
interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly places: number;
}

function setTask({ control }: Box, task: number, side: number, chunk: Chunk): void {
  control[CONTROL.task] = task;
  control[CONTROL.side] = side;
  control[CONTROL.from] = chunk.from;
  control[CONTROL.to] = chunk.to;
  control[CONTROL.rows] = chunk.rows;
  control[CONTROL.places] = chunk.places;
}
