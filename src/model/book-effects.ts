import type { ReaderStep } from './reader-step.ts';

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
  /** Coefficients on s_k by rating and on t by arm, with lists of those that are not zero. */
  private readonly singleCoefficient = new Map<number, number>();
  private readonly armCoefficient = new Map<number, number>();

  constructor(step: ReaderStep) {
    this.step = step;
  }

  /** Mean and variance of F_j. */
  of(book: number): Functional {
    const { step } = this;
    step.vector.clear();
    step.addBook(book, 1);
    const fit = { mean: 0, variance: 0 };
    this.addLabels(book, fit);
    for (const [k, coefficient] of this.singleCoefficient) this.addSingle(k, coefficient, fit);
    for (const [g, coefficient] of this.armCoefficient) {
      step.addLink(g, -coefficient);
      fit.mean += coefficient * step.armMean[g];
      fit.variance += coefficient * coefficient * step.armVar[g];
    }
    this.singleCoefficient.clear();
    this.armCoefficient.clear();
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
          this.singleCoefficient.set(k, (this.singleCoefficient.get(k) ?? 0) + linear);
        }
      } else if (placement.place[g] >= 0) vector.add(placement.place[g], weight);
      else this.addArm(~placement.place[g], weight);
    }
  }

  private addArm(g: number, coefficient: number): void {
    this.armCoefficient.set(g, (this.armCoefficient.get(g) ?? 0) + coefficient);
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
    if (placement.arm[k] >= 0) this.addArm(placement.arm[k], -share * shrink * placement.armWeight[k]);
  }
}
