import { type BookRecords, bookRecordsOf } from './book-records.ts';
import { UncertaintySum } from './book-uncertainty.ts';
import { logDetOfFactor, solveWithFactor } from './cholesky.ts';
import type { EffectSums } from './content-effects.ts';
import { DenseSystem } from './dense/dense-system.ts';
import { RatingSystem } from './dense/rating-system.ts';
import { grown } from './growable.ts';
import type { BookSide } from './reader-step.ts';
import { notDefinite } from './reader-posterior.ts';
import type { ReaderPosterior } from './reader-posterior.ts';
import type { ReaderTask } from './reader-task.ts';

/** Most ratings of a reader for whom this is the quicker way. */
export const FEW_RATINGS = 128;

/**
 * The posterior that `ReaderStep` computes, seen from the ratings instead of from the unknowns (docs/model.md 3.12): all that is asked about them follows from the
 * n x n covariance C of the residuals y = r - mu - c less their prior mean,
 *
 *     C_kl = phi_k Q phi_l + sigma_L^2 d_k . d_l + sum of v_kg v_lg sigma_F^2 over the labels of both + [k = l] / tau_k
 *
 * with Q the inverse of the prior precision of z_u and tau_k T_k together. For readers with few ratings this is much smaller than the system of the core.
 *
 * One object is a workspace that is used for one reader after another; its fields speak of the last `solve`.
 */
export class FewRatingsStep implements ReaderPosterior {
  readonly books: BookSide;
  readonly dim: number;
  readonly size: number;
  count = 0;
  book = new Int32Array(FEW_RATINGS);
  /** tau_k */
  precision = new Float64Array(FEW_RATINGS);
  readonly mean: Float64Array;
  readonly cov: Float64Array;
  logDet = 0;
  residual = new Float64Array(FEW_RATINGS);
  fitMean = new Float64Array(FEW_RATINGS);
  fitVar = new Float64Array(FEW_RATINGS);
  fitCov: Float64Array<ArrayBuffer>;

  private readonly system = new RatingSystem();
  /** Lambda_U + tau_k T_k of all ratings, and its factor L: Q = (L L^T)^-1. */
  private readonly prior = new DenseSystem();
  private readonly priorMean: Float64Array;
  /** 1 / tau_k */
  private noise = new Float64Array(FEW_RATINGS);
  private readonly uncertainty: UncertaintySum;
  /** C^-1 y */
  private answer = new Float64Array(FEW_RATINGS);
  /** Posterior mean of the leanings. */
  private readonly leaning: Float64Array;
  /** By family: labels of the book that has most of them among the reader's. */
  private readonly most: Int32Array;
  private readonly records: BookRecords;
  /** Whether no book has two labels of a family. */
  private readonly isSingle: boolean;
  /** Logarithms of the variances of the effects, by family. */
  private readonly logVariance: Float64Array;
  /** Scratch of D numbers. */
  private readonly vector: Float64Array;

  /** The records are those of the books' labels and directions. */
  constructor(books: BookSide, records = bookRecordsOf(books.labels, books.directions)) {
    const { dim, labels, directions } = books;
    this.books = books;
    this.dim = dim;
    this.size = dim;
    this.mean = new Float64Array(dim);
    this.cov = new Float64Array(dim * dim);
    this.fitCov = new Float64Array(FEW_RATINGS * dim);
    this.priorMean = new Float64Array(dim);
    this.vector = new Float64Array(dim);
    this.uncertainty = new UncertaintySum(books);
    this.leaning = new Float64Array(directions.count);
    this.isSingle = labels.single.every((one) => one === 1);
    this.most = new Int32Array(labels.families.length).fill(1);
    this.logVariance = new Float64Array(labels.families.length);
    this.records = records;
    this.prior.reserve(dim);
  }

  /** Computes the posterior; throws `NUMERICAL` if a matrix is not positive definite. */
  solve(task: ReaderTask): void {
    this.factorize(task);
    const { system, count, answer } = this;
    system.invert();
    const last = this.rowCount * count;
    for (let k = 0; k < count; k++) answer[k] = system.product[last + k];
    system.sumFamilies();
    this.meansOfReader();
    this.covarianceOfReader();
    this.fitRatings();
    this.logDet = this.logDeterminant();
  }

  /** Computes the means alone: all that `meanOf` needs. Throws as `solve` does. */
  solveMeans(task: ReaderTask): void {
    this.factorize(task);
    const { system, count, answer } = this;
    system.solve();
    const last = this.rowCount * count;
    for (let k = 0; k < count; k++) answer[k] = system.rows[last + k];
    this.meansOfReader();
  }

  /** Mean of F_j for a book that the reader has not rated. */
  meanOf(book: number): number {
    const { dim, books, leaning, mean } = this;
    const { effectVar, directions } = books;
    const { width, slot, values } = this.records;
    const first = book * width + directions.count;
    let sum = mean[0];
    for (let a = 1; a < dim; a++) sum += mean[a] * books.mean[book * dim + a];
    let at = book * width;
    for (let a = 0; a < directions.count; a++) sum += leaning[a] * values[at++];
    for (let f = 0; f < this.most.length; f++, at = first + slot[f]) {
      let met = 0;
      let own = 0;
      // the first slots are those that are taken
      for (; at < first + slot[f + 1] && !Number.isNaN(values[at]); own++) {
        met += this.metWith(f, values[at++]);
      }
      if (met !== 0) sum += (met * effectVar[f]) / Math.sqrt(own);
    }
    return sum;
  }

  /** Sum of C^-1 y over the ratings of books with a label of family f, by the label's weight there. */
  private metWith(f: number, label: number): number {
    const { system, answer, count } = this;
    const { slot, labels, weight } = system;
    let sum = 0;
    for (let s = slot[f]; s < slot[f + 1]; s++) {
      for (let k = 0, at = s * count; k < count; k++, at++) {
        if (labels[at] === label) sum += answer[k] * weight[f * count + k];
      }
    }
    return sum;
  }

  /** Adds the moments of the effects and leanings of the last `solve`. */
  addEffectSums(sums: EffectSums): void {
    const { books, system, count, leaning, dim } = this;
    const { effectVar, labels, directions } = books;
    const families = labels.families.length;
    for (let f = 0; f < families; f++) {
      const prior = effectVar[f];
      const met = system.sums[3 * f + 2];
      const variance = met * prior - prior * prior * system.sums[3 * f];
      sums.met[f] += met;
      sums.squares[f] += prior * prior * system.sums[3 * f + 1] + variance;
      sums.variances[f] += variance;
    }
    if (directions.count === 0) return;
    let explained = 0;
    let squares = 0;
    for (let a = 0; a < directions.count; a++) {
      squares += leaning[a] * leaning[a];
      const row = (dim + a) * count;
      for (let k = row; k < row + count; k++) explained += system.rows[k] * system.product[k];
    }
    const variance = this.leaningVar * (directions.count - explained);
    sums.met[families] += directions.count;
    sums.squares[families] += squares + variance;
    sums.variances[families] += variance;
  }

  /** Rows of factors, of which the first is the bias, and leanings. */
  private get rowCount(): number {
    return this.dim + this.books.directions.count;
  }

  /** sigma_L^2 */
  private get leaningVar(): number {
    return this.books.effectVar[this.books.labels.families.length];
  }

  /** Cholesky factor of C, and y behind the rows. */
  private factorize(task: ReaderTask): void {
    const { books, dim, system } = this;
    const count = task.to - task.from;
    this.count = count;
    this.reserve(count);
    for (let k = 0, slot = task.from; k < count; k++, slot++) {
      const book = task.book[slot];
      this.book[k] = book;
      this.precision[k] = task.precision * books.precision[book];
      this.noise[k] = 1 / this.precision[k];
      this.residual[k] = task.value[slot] - task.offset - books.mean[book * dim];
    }
    if (!this.isSingle) this.countLabels();
    system.reserve(count, this.rowCount, this.most);
    this.takePrior(task);
    this.writeRows();
    this.writeLabels();
    system.covary();
    for (let k = 0; k < count; k++) system.matrix[k * count + k] += this.noise[k];
    const row = system.factorize();
    if (row >= 0) throw notDefinite(row);
  }

  private reserve(count: number): void {
    this.book = grown(this.book, count);
    this.precision = grown(this.precision, count);
    this.noise = grown(this.noise, count);
    this.residual = grown(this.residual, count);
    this.answer = grown(this.answer, count);
    this.fitMean = grown(this.fitMean, count);
    this.fitVar = grown(this.fitVar, count);
    this.fitCov = grown(this.fitCov, count * this.dim);
  }

  /** Most labels of one of the books, by family: one at least. */
  private countLabels(): void {
    const { most, books, count } = this;
    const { width, slot, values } = this.records;
    most.fill(1);
    for (let k = 0; k < count; k++) {
      const first = this.book[k] * width + books.directions.count;
      for (let f = 0; f < most.length; f++) {
        const from = first + slot[f];
        while (slot[f] + most[f] < slot[f + 1] && !Number.isNaN(values[from + most[f]])) most[f]++;
      }
    }
  }

  /** Factor and mean of what is known of z_u but for the ratings themselves: its prior, and that the books' factors are not known exactly. */
  private takePrior(task: ReaderTask): void {
    const { dim, prior, priorMean } = this;
    const { matrix } = prior;
    if (dim === 1) {
      matrix[0] = task.priorPrecision[0];
      priorMean[0] = task.priorMean[task.priorAt];
    } else {
      for (let a = 0; a < dim; a++) {
        let sum = 0;
        for (let b = 0; b < dim; b++) {
          sum += task.priorPrecision[a * dim + b] * task.priorMean[task.priorAt + b];
          matrix[a * dim + b] = task.priorPrecision[a * dim + b];
        }
        priorMean[a] = sum;
      }
      this.uncertainty.addTo(matrix, dim, priorMean, this);
    }
    const row = prior.factorize(dim);
    if (row >= 0) throw notDefinite(row);
    if (dim > 1) solveWithFactor(matrix, dim, priorMean);
  }

  /** Rows L^-1 phi, sigma_L d and y. */
  private writeRows(): void {
    const { dim, books, count, prior, priorMean } = this;
    const { rows } = this.system;
    const { width, values } = this.records;
    const leanings = books.directions.count;
    const sd = Math.sqrt(this.leaningVar);
    const last = this.rowCount * count;
    for (let k = 0; k < count; k++) {
      const book = this.book[k];
      let y = this.residual[k] - priorMean[0];
      rows[k] = 1 / prior.matrix[0];
      for (let a = 1; a < dim; a++) {
        const q = books.mean[book * dim + a];
        y -= q * priorMean[a];
        let rest = q;
        for (let b = 0; b < a; b++) rest -= prior.matrix[a * dim + b] * rows[b * count + k];
        rows[a * count + k] = rest / prior.matrix[a * dim + a];
      }
      for (let a = 0, d = book * width; a < leanings; a++) {
        rows[(dim + a) * count + k] = sd * values[d++];
      }
      rows[last + k] = y;
    }
  }

  private writeLabels(): void {
    const { books, count, most, system } = this;
    const { labels, variance, weight } = system;
    const { width, slot, values } = this.records;
    const families = most.length;
    for (let f = 0; f < families; f++) {
      if (variance[f] === books.effectVar[f]) continue;
      variance[f] = books.effectVar[f];
      this.logVariance[f] = Math.log(variance[f]);
    }
    for (let k = 0; k < count; k++) {
      const first = this.book[k] * width + books.directions.count;
      for (let f = 0, to = k; f < families; f++) {
        let own = 0;
        for (let s = 0, from = first + slot[f]; s < most[f]; s++, from++, to += count) {
          labels[to] = values[from];
          if (!Number.isNaN(values[from])) own++;
        }
        weight[f * count + k] = own < 2 ? 1 : 1 / Math.sqrt(own);
      }
    }
  }

  private meansOfReader(): void {
    const { dim, count, system, answer, mean, leaning } = this;
    for (let a = 0; a < dim; a++) mean[a] = along(system.rows, a * count, answer, count);
    this.backSubstitute(mean);
    for (let a = 0; a < dim; a++) mean[a] += this.priorMean[a];
    const sd = Math.sqrt(this.leaningVar);
    for (let a = 0; a < leaning.length; a++) {
      leaning[a] = sd * along(system.rows, (dim + a) * count, answer, count);
    }
  }

  /** Q less what the ratings say: L^-T (I - Y C^-1 Y^T) L^-1, Y the first rows. */
  private covarianceOfReader(): void {
    const { dim, count, system, cov, vector } = this;
    for (let a = 0; a < dim; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = a === b ? 1 : 0;
        for (let k = 0, y = a * count, w = b * count; k < count; k++) {
          sum -= system.rows[y++] * system.product[w++];
        }
        cov[a * dim + b] = sum;
        cov[b * dim + a] = sum;
      }
    }
    // its columns, which are its rows, and then those of the transpose of what comes out
    for (let b = 0; b < dim; b++) {
      for (let a = 0; a < dim; a++) vector[a] = cov[b * dim + a];
      this.backSubstitute(vector);
      for (let a = 0; a < dim; a++) cov[b * dim + a] = vector[a];
    }
    for (let b = 0; b < dim; b++) {
      for (let a = 0; a < dim; a++) vector[a] = cov[a * dim + b];
      this.backSubstitute(vector);
      for (let a = 0; a < dim; a++) cov[a * dim + b] = vector[a];
    }
  }

  /** L^-T x in place of x, D numbers. */
  private backSubstitute(x: Float64Array): void {
    const { dim, prior } = this;
    for (let a = dim - 1; a >= 0; a--) {
      let sum = x[a];
      for (let b = a + 1; b < dim; b++) sum -= prior.matrix[b * dim + a] * x[b];
      x[a] = sum / prior.matrix[a * dim + a];
    }
  }

  /** What C^-1 says about the ratings: F_k = r - mu - c - noise, and the noise is known from it. */
  private fitRatings(): void {
    const { dim, count, system, noise, answer, vector } = this;
    for (let k = 0; k < count; k++) {
      const own = noise[k];
      this.fitMean[k] = this.residual[k] - own * answer[k];
      this.fitVar[k] = own - own * own * system.inverse[k * count + k];
      for (let a = 0; a < dim; a++) vector[a] = system.product[a * count + k];
      this.backSubstitute(vector);
      for (let a = 0; a < dim; a++) this.fitCov[k * dim + a] = own * vector[a];
    }
  }

  /** Of the posterior precision of all unknowns together: |prior| |C| / |noise|. */
  private logDeterminant(): number {
    const { books, count, system, noise } = this;
    let sum = logDetOfFactor(this.prior.matrix, this.dim) + logDetOfFactor(system.matrix, count);
    let product = 1;
    for (let k = 0; k < count; k++) {
      product *= noise[k];
      if (product > 1e-100 && product < 1e100) continue;
      sum -= Math.log(product);
      product = 1;
    }
    sum -= Math.log(product);
    for (let f = 0; f < this.most.length; f++) {
      sum -= system.sums[3 * f + 2] * this.logVariance[f];
    }
    const leanings = books.directions.count;
    return leanings === 0 ? sum : sum - leanings * Math.log(this.leaningVar);
  }
}

function along(rows: Float64Array, from: number, x: Float64Array, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += rows[from + k] * x[k];
  return sum;
}
