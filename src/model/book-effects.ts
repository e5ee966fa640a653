import { along } from './directions.ts';
import type { ReaderStep } from './reader-step.ts';
import { SparseVector } from './sparse-vector.ts';

/**
 * F_j = b_u + p_u . q_j + l_u . d_j + content effects of book j, for a book that the reader has not rated: all labels
 * met so far are taken exactly, those not met at their prior. One object is a workspace; its fields speak of the last book.
 */
export class BookFit {
  /** Mean and variance of F_j. */
  mean = 0;
  variance = 0;
  private readonly step: ReaderStep;
  /** Coefficients on s_k by rating and on t by arm. */
  private readonly singles = new SparseVector();
  private readonly arms = new SparseVector();
  /** Scratch: covariance of the core with F_j. */
  private row = new Float64Array(64);

  constructor(step: ReaderStep) {
    this.step = step;
  }

  /** Computes mean and variance of F_j; leaves its core part in `step.vector`. */
  lookAt(book: number): void {
    const { step } = this;
    this.meanOf(book);
    this.variance += step.vector.quadraticForm(step.cov, step.size);
  }

  /** The mean alone, for which `step.cov` is not needed. */
  meanOf(book: number): number {
    const { step, singles, arms } = this;
    singles.reset(step.placement.count);
    arms.reset(step.placement.arms);
    step.vector.clear();
    step.addBook(book, 1);
    this.mean = 0;
    this.variance = 0;
    this.addLabels(book);
    if (step.width === step.dim && step.books.directions.count > 0) this.addLeanings(book);
    for (let n = 0; n < singles.count; n++) {
      const k = singles.index[n];
      this.addSingle(k, singles.value[k]);
    }
    for (let n = 0; n < arms.count; n++) {
      const g = arms.index[n];
      const coefficient = arms.value[g];
      step.addLink(g, -coefficient);
      this.mean += coefficient * step.armMean[g];
      this.variance += coefficient * coefficient * step.armVar[g];
    }
    this.mean += step.vector.dot(step.mean);
    return this.mean;
  }

  private addLabels(book: number): void {
    const { placement, books, vector } = this.step;
    const { labels, effectVar } = books;
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const g = labels.label[e];
      const weight = labels.weight[e];
      const prior = effectVar[labels.familyOf[g]];
      if (placement.times[g] < 2) {
        this.variance += weight * weight * prior;
        if (placement.times[g] === 1) {
          const k = placement.singleRating[g];
          const linear = weight * prior * placement.singleWeight[g];
          this.singles.add(k, linear);
        }
      } else if (placement.place[g] >= 0) vector.add(placement.place[g], weight);
      else this.arms.add(~placement.place[g], weight);
    }
  }

  /** Of a reader with one rating, where l_u . d_k is one more single, or none; else they are in the core. */
  private addLeanings(book: number): void {
    const { leaningVar, placement, books } = this.step;
    this.variance += leaningVar * along(books.directions, book, book);
    if (placement.count === 0) return;
    const shared = along(books.directions, book, placement.book[0]);
    if (shared !== 0) this.singles.add(0, leaningVar * shared);
  }

  /**
   * Labels met only in rating k: given s_k their sum is linear / singleVar s_k plus a part of its own, and
   * s_k = shrink (residual_k - x_k . x - w_k t_k) + N(0, singleVar (1 - shrink)).
   */
  private addSingle(k: number, linear: number): void {
    const { step } = this;
    const { placement } = step;
    const prior = placement.singleVar[k];
    const share = linear / prior;
    const shrink = step.shrink[k];
    this.variance += share * share * prior * (1 - shrink) - linear * share;
    this.mean += share * shrink * step.residual[k];
    step.addRating(k, -share * shrink);
    const g = placement.arm[k];
    if (g >= 0) this.arms.add(g, -share * shrink * placement.armWeight[k]);
  }

  /**
   * How much E[F_j] of the last `lookAt` moves with each rating r_k, the reader's noise factor held: it is linear in the ratings.
   * Written to `out[0 .. n)`.
   */
  slopes(out: Float64Array): void {
    const { step, singles, arms } = this;
    const { placement, dim, size, vector, books } = step;
    if (this.row.length < size) this.row = new Float64Array(size);
    for (let a = 0; a < size; a++) this.row[a] = vector.rowDot(step.cov, size, a);
    for (let k = 0; k < placement.count; k++) {
      // dE[x] / dr_k = cov pi_k (x_k - w_k link_g): through the core
      let through = this.row[0];
      const w = placement.book[k] * dim;
      for (let a = 1; a < dim; a++) through += books.mean[w + a] * this.row[a];
      const d = placement.book[k] * books.directions.count - dim;
      for (let a = dim; a < step.width; a++) {
        through += books.directions.place[d + a] * this.row[a];
      }
      for (let e = placement.coreStart[k]; e < placement.coreStart[k + 1]; e++) {
        through += placement.coreWeight[e] * this.row[placement.coreIndex[e]];
      }
      const g = placement.arm[k];
      if (g >= 0) through += placement.armWeight[k] * this.throughArm(g, arms);
      // and through what was met in this rating alone
      const own = placement.singleVar[k] === 0 ? 0 : singles.value[k] / placement.singleVar[k];
      out[k] = step.weight[k] * through + own * step.shrink[k];
    }
  }

  /** What a rating in arm g adds by the arm's own posterior, less what the core loses to it. */
  private throughArm(g: number, arms: SparseVector): number {
    const { step } = this;
    let sum = arms.value[g] * step.armVar[g];
    for (let l = step.linkStart[g]; l < step.linkStart[g + 1]; l++) {
      sum -= step.linkValue[l] * this.row[step.linkIndex[l]];
    }
    return sum;
  }
}
