import { BookFit } from '../../model/book-effects.ts';
import { packedSize } from '../../model/cholesky.ts';
import { addEffectSums } from '../../model/content-effects.ts';
import type { EffectSums } from '../../model/content-effects.ts';
import { noiseFactor } from '../../model/noise-factor.ts';
import { ReaderStep } from '../../model/reader-step.ts';
import { readerTask } from './reader-task.ts';
import type { SweepData, SweepNumbers } from './sweep-data.ts';

/** Sums that a sweep over readers leaves, before those of the content effects. */
export const READER_SUMS = { logDet: 0, squares: 1, heldOutSquares: 2, heldOutCount: 3 } as const;
const EFFECTS = 4;

/** Sums that a search leaves. */
export const SEARCH_SUMS = { squares: 0, count: 1 } as const;

/** Numbers in the sums of a reader sweep with so many families of content effects. */
export function readerSumsLength(families: number): number {
  return EFFECTS + 3 * families;
}

/** The sums of the content effects within the sums of a reader sweep, as a view. */
export function effectSumsIn(sums: Float64Array): EffectSums {
  const families = (sums.length - EFFECTS) / 3;
  const part = (n: number): Float64Array =>
    sums.subarray(EFFECTS + n * families, EFFECTS + (n + 1) * families);
  return { met: part(0), squares: part(1), variances: part(2) };
}

/** One thread's workspace for readers. */
export class ReaderChunk {
  private readonly data: SweepData;
  private readonly step: ReaderStep;
  private readonly fit: BookFit;

  constructor(data: SweepData) {
    this.data = data;
    this.step = new ReaderStep(data.books);
    this.fit = new BookFit(this.step);
  }

  /** q(z_u, t_u) and q(alpha_u) of the readers `from .. to` that have ratings, books fixed. */
  sweep(numbers: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    const { step, data } = this;
    const { readerStart } = data.matrix;
    const { precision } = data.readers;
    const effects = effectSumsIn(sums);
    for (let u = from; u < to; u++) {
      const count = readerStart[u + 1] - readerStart[u];
      if (count === 0) continue;
      step.solve(readerTask(data, numbers, u));
      this.store(u, readerStart[u]);
      addEffectSums(step, effects);
      sums[READER_SUMS.logDet] += step.logDet;
      const squares = step.squares();
      precision[u] = noiseFactor(numbers.readerShape, count, numbers.tau * squares);
      sums[READER_SUMS.squares] += precision[u] * squares;
      sums[READER_SUMS.heldOutSquares] += this.heldOutSquares(u, numbers.offset);
      sums[READER_SUMS.heldOutCount] += this.heldOutCount(u);
    }
  }

  /** Squared errors of the readers `from .. to` of the sample; stores nothing else. */
  search(numbers: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    for (const u of this.data.sample.subarray(from, to)) {
      this.step.solve(readerTask(this.data, numbers, u));
      sums[SEARCH_SUMS.squares] += this.heldOutSquares(u, numbers.offset);
      sums[SEARCH_SUMS.count] += this.heldOutCount(u);
    }
  }

  private heldOutCount(u: number): number {
    const { start } = this.data.heldOut;
    return u + 1 < start.length ? start[u + 1] - start[u] : 0;
  }

  /** Sum over the held-out rows of the step's reader of (r - prediction)^2. */
  private heldOutSquares(u: number, offset: number): number {
    const { heldOut, books, dim } = this.data;
    const count = this.heldOutCount(u);
    let sum = 0;
    for (let k = 0, row = heldOut.start[u]; k < count; k++, row++) {
      const book = heldOut.book[row];
      const predicted = offset + books.mean[book * dim] + this.fit.meanOf(book);
      sum += (heldOut.value[row] - predicted) ** 2;
    }
    return sum;
  }

  /** Writes q(z_u), and for each rating the moments of a = b_u + content effects, which the book step needs. */
  private store(u: number, from: number): void {
    const { step } = this;
    const { readers, books, dim } = this.data;
    const factors = dim - 1;
    for (let a = 0, s = u * packedSize(dim); a < dim; a++) {
      readers.mean[u * dim + a] = step.mean[a];
      for (let b = 0; b <= a; b++, s++) readers.cov[s] = step.cov[a * step.size + b];
    }
    for (let k = 0; k < step.placement.count; k++) {
      const w = step.placement.book[k] * dim;
      const shift = (from + k) * factors;
      let mean = step.fitMean[k];
      let variance = step.fitVar[k];
      for (let a = 1; a < dim; a++) {
        const q = books.mean[w + a];
        let own = 0;
        for (let b = 1; b < dim; b++) own += step.cov[a * step.size + b] * books.mean[w + b];
        mean -= q * step.mean[a];
        variance -= q * (2 * step.fitCov[k * dim + a] - own);
        readers.shiftCov[shift + a - 1] = step.fitCov[k * dim + a] - own;
      }
      readers.shiftMean[from + k] = mean;
      readers.shiftVar[from + k] = variance;
    }
  }
}
