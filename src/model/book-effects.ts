import type { ReaderStep } from './reader-step.ts';
import { SparseVector } from './sparse-vector.ts';

/** A linear functional of the reader's posterior: its mean and the part of its variance outside the core. */
export interface Functional {
  mean: number;
  variance: number;
}

/**
 * F_j = b_u + p_u . q_j + content effects of book j, for a book that the reader has not rated.
 * Leaves its core part in `step.vector`; returns the mean and variance of F_j with all labels met so far taken exactly
 * and those not met at their prior.
 */
export class BookFit {
  private readonly step: ReaderStep;
  /** Coefficients on s_k by rating and on t by arm. */
  private readonly singles = new SparseVector();
  private readonly arms = new SparseVector();

  constructor(step: ReaderStep) {
    this.step = step;
  }

  /** Mean and variance of F_j. */
  of(book: number): Functional {
    const { step } = this;
    this.singles.reset(step.placement.count);
    this.arms.reset(step.placement.arms);
    step.vector.clear();
    step.addBook(book, 1);
    const fit = { mean: 0, variance: 0 };
    this.addLabels(book, fit);
    for (let n = 0; n < this.singles.count; n++) {
      const k = this.singles.index[n];
      this.addSingle(k, this.singles.value[k], fit);
    }
    for (let n = 0; n < this.arms.count; n++) {
      const g = this.arms.index[n];
      const coefficient = this.arms.value[g];
      step.addLink(g, -coefficient);
      fit.mean += coefficient * step.armMean[g];
      fit.variance += coefficient * coefficient * step.armVar[g];
    }
    fit.mean += step.vector.dot(step.mean);
    fit.variance += step.vector.quadraticForm(step.cov, step.size);
    return fit;
  }

  private addLabels(book: number, fit: Functional): void {
    const { placement, books, vector } = this.step;
    const { labels, effectVar } = books;
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const g = labels.label[e];
      const weight = labels.weight[e];
      const prior = effectVar[labels.familyOf[g]];
      if (placement.times[g] < 2) {
        fit.variance += weight * weight * prior;
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
  private addSingle(k: number, linear: number, fit: Functional): void {
    const { step } = this;
    const { placement } = step;
    const prior = placement.singleVar[k];
    const share = linear / prior;
    const shrink = step.shrink[k];
    fit.variance += share * share * prior * (1 - shrink) - linear * share;
    fit.mean += share * shrink * step.residual[k];
    step.addRating(k, -share * shrink);
    const g = placement.arm[k];
    if (g >= 0) this.arms.add(g, -share * shrink * placement.armWeight[k]);
  }
}
