import { BookFit } from '../../model/book-effects.ts';
import { packedSize } from '../../model/cholesky.ts';
import { addEffectSums } from '../../model/content-effects.ts';
import type { EffectSums } from '../../model/content-effects.ts';
import { FEW_RATINGS, FewRatingsStep } from '../../model/few-ratings-step.ts';
import { noiseFactor } from '../../model/noise-factor.ts';
import { PsiMoments } from '../../model/book-uncertainty.ts';
import { expectedSquares } from '../../model/reader-posterior.ts';
import type { ReaderPosterior } from '../../model/reader-posterior.ts';
import { ReaderStep } from '../../model/reader-step.ts';
import { latentSquares, type RowRatings, type RowStep } from '../../model/row-step.ts';
import { readerTask } from './reader-task.ts';
import { rowStepFor } from './row-step-for.ts';
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
  /** The step for most readers, and the one for those with more ratings. */
  private readonly few: FewRatingsStep;
  private readonly many: ReaderStep;
  private readonly fit: BookFit;
  private readonly moments: PsiMoments;
  /** Takes the place of both where there are no content effects. */
  private readonly rows: RowStep | null;
  private readonly ratings: RowRatings;

  constructor(data: SweepData) {
    const { matrix, latent } = data;
    const { readerStart, book, value } = matrix;
    const variance = latent?.variance ?? null;
    this.data = data;
    this.ratings = { start: readerStart, slot: null, partner: book, value, variance };
    this.few = new FewRatingsStep(data.books, data.records);
    this.many = new ReaderStep(data.books);
    this.fit = new BookFit(this.many);
    this.moments = new PsiMoments(data.books);
    this.rows = data.readerRows === null ? null : rowStepFor(data.readerRows, data.kernel);
  }

  /** Takes in the books `from .. to`, as far as readers do not look at them themselves. */
  gather(from: number, to: number): void {
    this.rows?.gather(from, to);
  }

  /** q(z_u, t_u) and q(alpha_u) of the readers `from .. to` that have ratings, books fixed. */
  sweep(numbers: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    if (this.rows === null) this.sweepWithEffects(numbers, from, to, sums);
    else this.sweepRows(this.rows, numbers, from, to, sums);
  }

  private sweepRows(
    rows: RowStep,
    numbers: SweepNumbers,
    from: number,
    to: number,
    sums: Float64Array,
  ): void {
    const { tau, offset, readerShape, readerPrecision } = numbers;
    const own = { tau, offset, shape: readerShape, priorPrecision: readerPrecision };
    rows.solve(own, from, to, sums);
    const { heldOut, matrix } = this.data;
    for (let u = from; u < Math.min(to, heldOut.start.length - 1); u++) {
      if (matrix.readerStart[u] === matrix.readerStart[u + 1]) continue;
      for (let row = heldOut.start[u]; row < heldOut.start[u + 1]; row++) {
        const error = heldOut.value[row] - offset - this.predicted(u, heldOut.book[row]);
        sums[READER_SUMS.heldOutSquares] += error ** 2;
        sums[READER_SUMS.heldOutCount]++;
      }
    }
  }

  /** b_u + c_i + p_u . q_i */
  private predicted(u: number, book: number): number {
    const { dim, readers, books } = this.data;
    let sum = readers.mean[u * dim] + books.mean[book * dim];
    for (let a = 1; a < dim; a++) sum += readers.mean[u * dim + a] * books.mean[book * dim + a];
    return sum;
  }

  private sweepWithEffects(
    numbers: SweepNumbers,
    from: number,
    to: number,
    sums: Float64Array,
  ): void {
    const { few, many, data, moments } = this;
    const { books, matrix, readers } = data;
    const { readerStart } = matrix;
    const { precision } = readers;
    const effects = effectSumsIn(sums);
    for (let u = from; u < to; u++) {
      const count = readerStart[u + 1] - readerStart[u];
      if (count === 0) continue;
      const step = this.stepFor(u);
      step.solve(readerTask(data, numbers, u));
      this.storePosterior(u, step);
      this.storeShifts(readerStart[u], step);
      if (step === few) few.addEffectSums(effects);
      else addEffectSums(many, effects);
      sums[READER_SUMS.logDet] += step.logDet;
      moments.take(step);
      const squares = expectedSquares(step, moments) + latentSquares(this.ratings, books, u);
      precision[u] = noiseFactor(numbers.readerShape, count, numbers.tau * squares);
      sums[READER_SUMS.squares] += precision[u] * squares;
      sums[READER_SUMS.heldOutSquares] += this.heldOutSquares(u, numbers.offset, step);
      sums[READER_SUMS.heldOutCount] += this.heldOutCount(u);
    }
  }

  /** Squared errors of the readers `from .. to` of the sample; stores nothing else. */
  search(numbers: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    for (const u of this.data.sample.subarray(from, to)) {
      const step = this.stepFor(u);
      step.solveMeans(readerTask(this.data, numbers, u));
      sums[SEARCH_SUMS.squares] += this.heldOutSquares(u, numbers.offset, step);
      sums[SEARCH_SUMS.count] += this.heldOutCount(u);
    }
  }

  private stepFor(u: number): FewRatingsStep | ReaderStep {
    const { readerStart } = this.data.matrix;
    return readerStart[u + 1] - readerStart[u] <= FEW_RATINGS ? this.few : this.many;
  }

  private heldOutCount(u: number): number {
    const { start } = this.data.heldOut;
    return u + 1 < start.length ? start[u + 1] - start[u] : 0;
  }

  /** Sum over the held-out rows of the step's reader of (r - prediction)^2. */
  private heldOutSquares(u: number, offset: number, step: ReaderStep | FewRatingsStep): number {
    const { heldOut, books, dim } = this.data;
    const count = this.heldOutCount(u);
    const fit = step === this.few ? this.few : this.fit;
    let sum = 0;
    for (let k = 0, row = heldOut.start[u]; k < count; k++, row++) {
      const book = heldOut.book[row];
      const predicted = offset + books.mean[book * dim] + fit.meanOf(book);
      sum += (heldOut.value[row] - predicted) ** 2;
    }
    return sum;
  }

  private storePosterior(u: number, step: ReaderPosterior): void {
    const { readers, dim } = this.data;
    for (let a = 0, s = u * packedSize(dim); a < dim; a++) {
      readers.mean[u * dim + a] = step.mean[a];
      for (let b = 0; b <= a; b++, s++) readers.cov[s] = step.cov[a * step.size + b];
    }
  }

  /** Writes the moments of a = b_u + content effects of each rating, which the book step needs. */
  private storeShifts(from: number, step: ReaderPosterior): void {
    const { readers, books, dim } = this.data;
    const { shift } = readers;
    if (shift === null) return;
    const factors = dim - 1;
    for (let k = 0; k < step.count; k++) {
      const w = step.book[k] * dim;
      const tie = (from + k) * factors;
      let mean = step.fitMean[k];
      let variance = step.fitVar[k];
      for (let a = 1; a < dim; a++) {
        const q = books.mean[w + a];
        let own = 0;
        for (let b = 1; b < dim; b++) own += step.cov[a * step.size + b] * books.mean[w + b];
        mean -= q * step.mean[a];
        variance -= q * (2 * step.fitCov[k * dim + a] - own);
        shift.cov[tie + a - 1] = step.fitCov[k * dim + a] - own;
      }
      shift.mean[from + k] = mean;
      shift.variance[from + k] = variance;
    }
  }
}
