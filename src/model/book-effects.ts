import type { ReaderStep } from './reader-step.ts';
import { SparseVector } from './sparse-vector.ts';

/**
 * F_j = b_u + p_u . q_j + content effects of book j, for a book that the reader has not rated: all labels met so far
 * are taken exactly, those not met at their prior. One object is a workspace; its fields speak of the last book.
 */
export class BookFit {
  /** Mean and variance of F_j. */
  mean = 0;
  variance = 0;
  private readonly step: ReaderStep;
  /** Coefficients on s_k by rating and on t by arm. */
  private readonly singles = new SparseVector();
  private readonly arms = new SparseVector();

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
}
