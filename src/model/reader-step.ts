import { UncertaintySum } from './book-uncertainty.ts';
import { logDetOfFactor, solveWithFactor } from './cholesky.ts';
import { DenseSystem } from './dense/dense-system.ts';
import { along } from './directions.ts';
import type { Directions } from './directions.ts';
import { grown } from './growable.ts';
import { LabelPlacement } from './label-placement.ts';
import type { LabelSpace } from './label-space.ts';
import { notDefinite } from './reader-posterior.ts';
import type { ReaderPosterior } from './reader-posterior.ts';
import type { ReaderTask } from './reader-task.ts';
import { SparseVector } from './sparse-vector.ts';

/** Books as the reader step sees them: fixed posteriors q(w_i) = N(n_i, T_i), w_i = (c_i, q_i). */
export interface BookSide {
  /** D = K + 1. */
  readonly dim: number;
  /** n_i, M x D row-major. */
  readonly mean: Float64Array;
  /** T_i, M x D(D+1)/2, packed lower triangles. */
  readonly cov: Float64Array;
  /** E[beta_i], noise precision factor of each book; length M. */
  readonly precision: Float64Array;
  /** Labels that carry a reader's own content effects. */
  readonly labels: LabelSpace;
  /** sigma_F^2, variance of a content effect, by family; behind them sigma_L^2 where there are directions. */
  readonly effectVar: Float64Array;
  /** What a reader's leanings are slopes on. */
  readonly directions: Directions;
}

/**
 * Exact joint posterior of one reader: bias, factors, leanings and content effects (docs/model.md 3.1, 3.12 and 3.15).
 *
 * Rating k has r_k - mu - c_k = F_k + noise, F_k = x_k . x + w_k t_k + s_k, with the unknowns in three groups,
 * eliminated from the right to the left:
 * - s_k, the sum of the labels met once, acts as noise of variance `singleVar[k]`;
 * - t, arms: repeated labels of one family, each tied to the rest through its own ratings only (an arrow matrix);
 * - x, the core: z_u, the leanings l_u and all other repeated labels; a dense system of size E.
 *
 * A reader with one rating meets all directions there alone, so that l_u . d_k is part of s_k and not of the core.
 *
 * One object is a workspace that is used for one reader after another; its fields speak of the last `solve`.
 */
export class ReaderStep implements ReaderPosterior {
  readonly books: BookSide;
  readonly dim: number;
  readonly placement: LabelPlacement;
  /** Core size E, and the part of it that all ratings have, z_u and l_u, before the labels. */
  size = 0;
  width = 0;
  /** Posterior mean of the core (E) and covariance (E x E row-major). */
  mean = new Float64Array(64);
  cov = new Float64Array(0);
  /** ln det of the posterior precision of all unknowns together. */
  logDet = 0;
  /** By rating: mean and variance of F_k, and Cov(z_u, F_k), D numbers each. */
  fitMean = new Float64Array(64);
  fitVar = new Float64Array(64);
  fitCov = new Float64Array(512);
  /** By rating: r_k - mu - c_k, and the share of its distance to the rest that its singles explain. */
  residual = new Float64Array(64);
  shrink = new Float64Array(64);
  /** By rating: tau_k, its precision. */
  precision = new Float64Array(64);
  /** By rating: pi_k, that with the singles integrated out. */
  weight = new Float64Array(64);
  /** By arm: t = armMean - link . x + N(0, armVar), link = `linkIndex`, `linkValue` from `linkStart`. */
  armMean = new Float64Array(64);
  armVar = new Float64Array(64);
  linkStart = new Int32Array(65);
  linkIndex = new Int32Array(256);
  linkValue = new Float64Array(256);
  /** Scratch vector over the core. */
  readonly vector = new SparseVector();

  /** Factors of the determinant whose logarithm is still to be taken. */
  private det = 1;
  private readonly system = new DenseSystem();
  /** The precision of the core, and its factor. */
  private factor = new Float64Array(0);
  private linear = new Float64Array(64);
  private readonly uncertainty: UncertaintySum;
  private armHead = new Int32Array(64);
  private armNext = new Int32Array(64);

  constructor(books: BookSide) {
    this.books = books;
    this.dim = books.dim;
    this.placement = new LabelPlacement(books.labels);
    this.uncertainty = new UncertaintySum(books);
  }

  /** Computes the posterior; throws `NUMERICAL` if its precision is not positive definite. */
  solve(task: ReaderTask): void {
    const { size } = this.factorize(task);
    this.logDet += Math.log(this.det) + logDetOfFactor(this.factor, size);
    this.system.invert(size);
    for (let a = 0; a < size; a++) {
      let sum = 0;
      for (let b = 0; b < size; b++) sum += this.cov[a * size + b] * this.linear[b];
      this.mean[a] = sum;
    }
    this.fitRatings(task);
  }

  /** Computes the means alone: all that `BookFit.meanOf` needs, for a third of the cost. Throws as `solve` does. */
  solveMeans(task: ReaderTask): void {
    const { size } = this.factorize(task);
    for (let a = 0; a < size; a++) this.mean[a] = this.linear[a];
    solveWithFactor(this.factor, size, this.mean);
  }

  /** Cholesky factor of the core's posterior precision, the arms taken out. */
  private factorize(task: ReaderTask): this {
    const count = task.to - task.from;
    const { directions, effectVar } = this.books;
    this.width = this.dim + (count > 1 ? directions.count : 0);
    this.placement.assign(task.book, task.from, task.to, this.width, effectVar);
    if (count === 1 && directions.count > 0) {
      const book = task.book[task.from];
      this.placement.singleVar[0] += this.leaningVar * along(directions, book, book);
    }
    this.size = this.placement.coreSize;
    this.reserve(count);
    this.logDet = 0;
    this.det = 1;
    this.startFromPrior(task);
    this.addRatings(task);
    this.uncertainty.addTo(this.factor, this.size, this.linear, this);
    if (this.width > this.dim) this.addLeanings();
    this.eliminateArms(count);
    const row = this.system.factorize(this.size);
    if (row < 0) return this;
    throw notDefinite(row);
  }

  /** Multiplies the determinant; logarithms are taken of many factors at once, within the range of numbers. */
  private multiply(factor: number): void {
    this.det *= factor;
    if (this.det > 1e-100 && this.det < 1e100) return;
    this.logDet += Math.log(this.det);
    this.det = 1;
  }

  private reserve(count: number): void {
    const { size } = this;
    this.fitMean = grown(this.fitMean, count);
    this.fitVar = grown(this.fitVar, count);
    this.precision = grown(this.precision, count);
    this.weight = grown(this.weight, count);
    this.shrink = grown(this.shrink, count);
    this.residual = grown(this.residual, count);
    this.armNext = grown(this.armNext, count);
    this.fitCov = grown(this.fitCov, count * this.dim);
    this.mean = grown(this.mean, size);
    this.linear = grown(this.linear, size);
    this.system.reserve(size);
    this.factor = this.system.matrix;
    this.cov = this.system.inverse;
    const arms = this.placement.arms;
    this.armMean = grown(this.armMean, arms);
    this.armVar = grown(this.armVar, arms);
    this.armHead = grown(this.armHead, arms);
    this.linkStart = grown(this.linkStart, arms + 1);
    this.vector.reset(size, this.width);
  }

  /** Core system of the prior alone: Lambda and Lambda m0, 1 / sigma^2 for the labels. */
  private startFromPrior(task: ReaderTask): void {
    const { size, dim, factor, linear, placement } = this;
    const { labels, effectVar } = this.books;
    factor.fill(0, 0, size * size);
    linear.fill(0, 0, size);
    for (let a = 0; a < dim; a++) {
      for (let b = 0; b < dim; b++) {
        linear[a] += task.priorPrecision[a * dim + b] * task.priorMean[task.priorAt + b];
        if (b <= a) factor[a * size + b] = task.priorPrecision[a * dim + b];
      }
    }
    const leaning = 1 / this.leaningVar;
    for (let a = dim; a < this.width; a++) factor[a * size + a] = leaning;
    if (placement.count === 1) {
      for (let a = 0; a < this.books.directions.count; a++) this.multiply(leaning);
    }
    for (const g of placement.touched) {
      const at = placement.place[g];
      const variance = effectVar[labels.familyOf[g]];
      if (placement.times[g] < 2) this.multiply(1 / variance);
      else if (at >= 0) factor[at * size + at] = 1 / variance;
    }
  }

  /** Adds pi_k x_k x_k^T of every rating, but for the leanings. */
  private addRatings(task: ReaderTask): void {
    const { size, dim, factor, linear, books, placement } = this;
    for (let k = 0, slot = task.from; slot < task.to; k++, slot++) {
      const w = task.book[slot] * dim;
      const precision = task.precision * books.precision[task.book[slot]];
      const single = placement.singleVar[k];
      const weight = precision / (1 + precision * single);
      const residual = task.value[slot] - task.offset - books.mean[w];
      this.precision[k] = precision;
      this.weight[k] = weight;
      this.residual[k] = residual;
      this.shrink[k] = single * weight;
      this.multiply(1 + precision * single);
      factor[0] += weight;
      linear[0] += weight * residual;
      for (let a = 1; a < dim; a++) {
        const q = weight * books.mean[w + a];
        linear[a] += q * residual;
        factor[a * size] += q;
        for (let b = 1; b <= a; b++) factor[a * size + b] += q * books.mean[w + b];
      }
      for (let e = placement.coreStart[k]; e < placement.coreStart[k + 1]; e++) {
        this.addCoreLabel(e, k, weight, residual);
      }
    }
  }

  private addCoreLabel(e: number, k: number, weight: number, residual: number): void {
    const { size, dim, width, factor, linear, placement, books } = this;
    const { count, place } = books.directions;
    const book = placement.book[k];
    const at = placement.coreIndex[e];
    const row = at * size;
    const scaled = weight * placement.coreWeight[e];
    linear[at] += scaled * residual;
    factor[row] += scaled;
    for (let b = 1; b < dim; b++) factor[row + b] += scaled * books.mean[book * dim + b];
    for (let b = dim, d = book * count; b < width; b++) factor[row + b] += scaled * place[d++];
    for (let o = placement.coreStart[k]; o < placement.coreStart[k + 1]; o++) {
      const other = placement.coreIndex[o];
      if (other <= at) factor[row + other] += scaled * placement.coreWeight[o];
    }
  }

  /** Adds the rows of the leanings, two ratings at a time: a sum that is stored costs more than what is added to it. */
  private addLeanings(): void {
    const { size, dim, width, factor, linear, weight, residual, placement, books } = this;
    const { count, place } = books.directions;
    for (let k = 0; k < placement.count; k += 2) {
      const other = Math.min(k + 1, placement.count - 1);
      const [one, two] = [placement.book[k], placement.book[other]];
      const [d1, d2] = [one * count - dim, two * count - dim];
      const [w1, w2] = [weight[k], other > k ? weight[other] : 0];
      for (let a = dim; a < width; a++) {
        const s1 = w1 * place[d1 + a];
        const s2 = w2 * place[d2 + a];
        const row = a * size;
        linear[a] += s1 * residual[k] + s2 * residual[other];
        factor[row] += s1 + s2;
        for (let b = 1; b < dim; b++) {
          factor[row + b] += s1 * books.mean[one * dim + b] + s2 * books.mean[two * dim + b];
        }
        for (let b = dim; b <= a; b++) factor[row + b] += s1 * place[d1 + b] + s2 * place[d2 + b];
      }
    }
  }

  /** Takes the arms out of the system: P -= s s^T / A, h -= s y / A for each. */
  private eliminateArms(count: number): void {
    const { placement, armHead, armNext, vector } = this;
    if (placement.arms === 0) return;
    armHead.fill(-1, 0, placement.arms);
    for (let k = count - 1; k >= 0; k--) {
      const g = placement.arm[k];
      if (g < 0) continue;
      armNext[k] = armHead[g];
      armHead[g] = k;
    }
    const prior = 1 / this.books.effectVar[placement.armFamily];
    for (let g = 0; g < placement.arms; g++) {
      let precision = prior;
      let linear = 0;
      vector.clear();
      for (let k = armHead[g]; k >= 0; k = armNext[k]) {
        const scaled = this.weight[k] * placement.armWeight[k];
        precision += scaled * placement.armWeight[k];
        linear += scaled * this.residual[k];
        this.addRating(k, scaled);
      }
      this.multiply(precision);
      this.armVar[g] = 1 / precision;
      this.armMean[g] = linear / precision;
      this.subtractArm(precision, linear);
      this.storeLink(g, precision);
    }
  }

  private subtractArm(precision: number, linear: number): void {
    const { factor, size } = this;
    const { head, index, value, count } = this.vector;
    for (let a = 0; a < head; a++) {
      const scaled = value[a] / precision;
      this.linear[a] -= scaled * linear;
      for (let b = 0, row = a * size; b <= a; b++) factor[row + b] -= scaled * value[b];
    }
    for (let i = 0; i < count; i++) {
      const a = index[i];
      const row = a * size;
      const scaled = value[a] / precision;
      this.linear[a] -= scaled * linear;
      for (let b = 0; b < head; b++) factor[row + b] -= scaled * value[b];
      for (let j = 0; j < count; j++) {
        if (index[j] <= a) factor[row + index[j]] -= scaled * value[index[j]];
      }
    }
  }

  private storeLink(g: number, precision: number): void {
    const { head, index, value, count } = this.vector;
    const from = g === 0 ? 0 : this.linkStart[g];
    const end = from + head + count;
    this.linkStart[g] = from;
    this.linkStart[g + 1] = end;
    this.linkIndex = grown(this.linkIndex, end);
    this.linkValue = grown(this.linkValue, end);
    for (let at = from; at < end; at++) {
      const place = at - from;
      const a = place < head ? place : index[place - head];
      this.linkIndex[at] = a;
      this.linkValue[at] = value[a] / precision;
    }
  }

  /** Ratings of the last reader. */
  get count(): number {
    return this.placement.count;
  }

  /** Rated book by rating. */
  get book(): Int32Array {
    return this.placement.book;
  }

  /** sigma_L^2 */
  get leaningVar(): number {
    return this.books.effectVar[this.books.labels.families.length];
  }

  /** Adds scale x_k to the vector: (1, q, d) of the rated book and its core labels. */
  addRating(k: number, scale: number): void {
    const { placement, vector, dim, width, books } = this;
    const { value } = vector;
    const { count, place } = books.directions;
    const book = placement.book[k];
    value[0] += scale;
    for (let a = 1, q = book * dim + 1; a < dim; a++) value[a] += scale * books.mean[q++];
    for (let a = dim, d = book * count; a < width; a++) value[a] += scale * place[d++];
    for (let e = placement.coreStart[k]; e < placement.coreStart[k + 1]; e++) {
      vector.add(placement.coreIndex[e], scale * placement.coreWeight[e]);
    }
  }

  /** Adds scale times the link of arm g to the vector. */
  addLink(g: number, scale: number): void {
    for (let l = this.linkStart[g]; l < this.linkStart[g + 1]; l++) {
      this.vector.add(this.linkIndex[l], scale * this.linkValue[l]);
    }
  }

  /** Mean, variance and covariance with z_u of every F_k. */
  private fitRatings(task: ReaderTask): void {
    const { placement, vector, dim, fitCov } = this;
    for (let k = 0; k < task.to - task.from; k++) {
      const keep = 1 - this.shrink[k];
      const g = placement.arm[k];
      vector.clear();
      this.addRating(k, 1);
      let fit = 0;
      let variance = 0;
      if (g >= 0) {
        const w = placement.armWeight[k];
        this.addLink(g, -w);
        fit = w * this.armMean[g];
        variance = w * w * this.armVar[g];
      }
      fit += vector.dot(this.mean);
      variance += vector.quadraticForm(this.cov, this.size, dim, fitCov, k * dim);
      this.fitMean[k] = keep * fit + this.shrink[k] * this.residual[k];
      this.fitVar[k] = keep * keep * variance + keep * placement.singleVar[k];
      for (let at = k * dim; at < (k + 1) * dim; at++) fitCov[at] *= keep;
    }
  }
}
