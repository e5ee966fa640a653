import { along } from './directions.ts';
import { grown } from './growable.ts';
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
  /** Coefficients on the core: all of the first `step.width`, and behind them those of `labels[0 .. labelCount)` alone. */
  private core = new Float64Array(64);
  private labels = new Int32Array(64);
  private labelCount = 0;
  private noted = new Uint8Array(64);
  private width = 0;
  /** Scratch: covariance of the core with F_j. */
  private row = new Float64Array(64);

  constructor(step: ReaderStep) {
    this.step = step;
  }

  /** Computes mean and variance of F_j. */
  lookAt(book: number): void {
    this.meanOf(book);
    this.variance += this.coreVariance();
  }

  /** The mean alone, for which `step.cov` is not needed. */
  meanOf(book: number): number {
    const { step, singles, arms } = this;
    if (step.placement.count === 1) return this.besideOne(book);
    singles.reset(step.placement.count);
    arms.reset(step.placement.arms);
    this.startCore(book);
    this.mean = 0;
    this.variance = 0;
    this.addLabels(book);
    const { directions } = step.books;
    // without ratings; with more than one they are in the core
    if (step.width === step.dim && directions.count > 0) {
      this.variance += step.leaningVar * along(directions, book, book);
    }
    for (let n = 0; n < singles.count; n++) {
      const k = singles.index[n];
      this.addSingle(k, singles.value[k]);
    }
    for (let n = 0; n < arms.count; n++) {
      const g = arms.index[n];
      const coefficient = arms.value[g];
      for (let l = step.linkStart[g]; l < step.linkStart[g + 1]; l++) {
        this.add(step.linkIndex[l], -coefficient * step.linkValue[l]);
      }
      this.mean += coefficient * step.armMean[g];
      this.variance += coefficient * coefficient * step.armVar[g];
    }
    this.mean += this.coreTimes(step.mean, 0);
    return this.mean;
  }

  /** The mean for a reader with one rating, as most are: all that the books share is singles of that rating. */
  private besideOne(book: number): number {
    const { step, singles } = this;
    const { placement, dim, books, leaningVar } = step;
    const { labels, effectVar, directions } = books;
    const { times, singleWeight } = placement;
    const rated = placement.book[0];
    let linear = 0;
    let variance = 0;
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const g = labels.label[e];
      const weight = labels.weight[e];
      const prior = effectVar[labels.familyOf[g]];
      variance += weight * weight * prior;
      if (times[g] === 1) linear += weight * prior * singleWeight[g];
    }
    if (directions.count > 0) {
      variance += leaningVar * along(directions, book, book);
      linear += leaningVar * along(directions, book, rated);
    }
    const single = placement.singleVar[0];
    const share = single === 0 ? 0 : linear / single;
    const shrink = step.shrink[0];
    const scale = share * shrink;
    singles.reset(1);
    singles.add(0, linear);
    this.startCore(book);
    const { core } = this;
    core[0] -= scale;
    for (let a = 1; a < dim; a++) core[a] -= scale * books.mean[rated * dim + a];
    this.variance = variance + share * share * single * (1 - shrink) - linear * share;
    this.mean = scale * step.residual[0] + this.coreTimes(step.mean, 0);
    return this.mean;
  }

  /** Sets the core's coefficients to (1, q, d) of the book and nothing behind them. */
  private startCore(book: number): void {
    const { dim, width, size, books } = this.step;
    const { count, place } = books.directions;
    for (let n = 0; n < this.labelCount; n++) {
      this.core[this.labels[n]] = 0;
      this.noted[this.labels[n]] = 0;
    }
    this.labelCount = 0;
    this.core = grown(this.core, size);
    this.labels = grown(this.labels, size);
    if (this.noted.length < size) this.noted = new Uint8Array(this.core.length);
    const { core } = this;
    for (let a = width; a < this.width; a++) core[a] = 0;
    this.width = width;
    core[0] = 1;
    for (let a = 1; a < dim; a++) core[a] = books.mean[book * dim + a];
    for (let a = dim, d = book * count; a < width; a++) core[a] = place[d++];
  }

  /** Adds to a coefficient on the core. */
  private add(index: number, value: number): void {
    if (index >= this.width && this.noted[index] === 0) {
      this.noted[index] = 1;
      this.labels[this.labelCount++] = index;
    }
    this.core[index] += value;
  }

  /** The core's coefficients times the numbers from `at` on. */
  private coreTimes(numbers: Float64Array, at: number): number {
    const { core, labels, labelCount, width } = this;
    let sum = 0;
    for (let a = 0; a < width; a++) sum += core[a] * numbers[at + a];
    for (let n = 0; n < labelCount; n++) sum += core[labels[n]] * numbers[at + labels[n]];
    return sum;
  }

  /** Variance of the core's part of F_j. */
  private coreVariance(): number {
    const { core, labels, labelCount, width } = this;
    const { cov, size } = this.step;
    let sum = 0;
    for (let a = 0, row = 0; a < width; a++, row += size) {
      let before = 0;
      for (let b = 0; b < a; b++) before += core[b] * cov[row + b];
      sum += core[a] * (2 * before + core[a] * cov[row + a]);
    }
    for (let n = 0; n < labelCount; n++) {
      const row = labels[n] * size;
      const own = core[labels[n]];
      let before = 0;
      for (let b = 0; b < width; b++) before += core[b] * cov[row + b];
      for (let o = 0; o < n; o++) before += core[labels[o]] * cov[row + labels[o]];
      sum += own * (2 * before + own * cov[row + labels[n]]);
    }
    return sum;
  }

  private addLabels(book: number): void {
    const { placement, books } = this.step;
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
      } else if (placement.place[g] >= 0) this.add(placement.place[g], weight);
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
    this.addRating(k, -share * shrink);
    const g = placement.arm[k];
    if (g >= 0) this.arms.add(g, -share * shrink * placement.armWeight[k]);
  }

  /** Adds scale x_k to the core's coefficients. */
  private addRating(k: number, scale: number): void {
    const { core, step } = this;
    const { placement, dim, width, books } = step;
    const { count, place } = books.directions;
    const book = placement.book[k];
    core[0] += scale;
    for (let a = 1; a < dim; a++) core[a] += scale * books.mean[book * dim + a];
    for (let a = dim, d = book * count; a < width; a++) core[a] += scale * place[d++];
    for (let e = placement.coreStart[k]; e < placement.coreStart[k + 1]; e++) {
      this.add(placement.coreIndex[e], scale * placement.coreWeight[e]);
    }
  }

  /**
   * How much E[F_j] of the last `lookAt` moves with each rating r_k, the reader's noise factor held: it is linear in the ratings.
   * Written to `out[0 .. n)`.
   */
  slopes(out: Float64Array): void {
    const { step, singles, arms } = this;
    const { placement, dim, size, books } = step;
    if (this.row.length < size) this.row = new Float64Array(size);
    for (let a = 0; a < size; a++) this.row[a] = this.coreTimes(step.cov, a * size);
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
