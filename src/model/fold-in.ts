import { ratingCountLabel, unratedShareLabel } from './activity-labels.ts';
import { BookFit } from './book-effects.ts';
import { cellOf, type Known, scoreOf } from './level-map.ts';
import { BOOKS_MET } from './links.ts';
import { expectedInverse, noiseFactor } from './noise-factor.ts';
import { NormalCell } from './normal-cell.ts';
import { bookVariance, expectedSquares } from './reader-posterior.ts';
import { ReaderStep } from './reader-step.ts';
import type { ReaderTask } from './reader-task.ts';
import type { ReaderInput } from './recommender.ts';
import type { RatingModel } from './trained-model.ts';

/** Rounds of posterior and noise factor; the factor moves by less than 1 % after them. */
const ROUNDS = 3;
/** Most rounds where ratings are latent and move with the posterior, and the part of their noise's standard deviation that is no move. */
const LATENT_ROUNDS = 20;
const SETTLED = 1e-3;

/** Latent mean of a rating, rating units, and its variance by cause. */
export interface LatentPrediction {
  readonly mean: number;
  readonly varReader: number;
  readonly varBook: number;
  readonly varNoise: number;
}

/**
 * Posterior of any reader with the books held fixed: the reader step of training, so that a reader who is folded in
 * and one who was trained get the same answer (docs/model.md 3.9). Without ratings it is the reader's prior.
 * One object is a workspace; its fields speak of the last `solve` and, where said so, of the last book.
 */
export class FoldIn {
  readonly model: RatingModel;
  readonly step: ReaderStep;
  readonly fit: BookFit;
  /** E[1 / (tau alpha_u)]: noise variance before the book's factor. */
  noise = 0;
  /** What `lookAt` predicted last. */
  mean = 0;
  varReader = 0;
  varBook = 0;
  varNoise = 0;
  /** E[alpha_u] */
  factor = 1;
  /** Ratings of the reader. */
  rated = 0;
  private readonly familyStart: number[] = [];
  private readonly priorMean: Float64Array;
  private book = new Int32Array(64);
  private value = new Float64Array(64);
  /** Where ratings are latent: number of the cell, and variance of the value. */
  private cell = new Int32Array(64);
  private variance = new Float64Array(64);
  private readonly normal = new NormalCell();

  constructor(model: RatingModel) {
    this.model = model;
    this.step = new ReaderStep(model.books);
    this.fit = new BookFit(this.step);
    this.priorMean = new Float64Array(model.dim);
    let start = 0;
    for (const family of model.readerPrior.families) {
      this.familyStart.push(start);
      start += family.labels.length;
    }
    this.familyStart.push(start);
  }

  /**
   * Computes the posterior; throws `NUMERICAL` as `ReaderStep.solve` does. With `held` the reader's noise factor is taken as that,
   * else it is learned from the ratings.
   */
  solve(input: ReaderInput, held: number | null = null): void {
    const { model, step } = this;
    const count = input.ratedBook.length;
    this.take(input);
    let factor = held ?? 1;
    let left = this.rounds(count, held);
    while (left > 0) {
      step.solve(this.task(count, factor));
      if (count > 0 && held === null) {
        const squares = expectedSquares(step) + this.latentSquares(count);
        factor = noiseFactor(model.readerShape, count, model.tau * squares);
      }
      left--;
      // one round more, with the ratings where they have come to rest
      if (left > 0 && this.moveLatent(count, factor) < SETTLED) left = 1;
    }
    this.factor = factor;
    this.noise = expectedInverse(model.readerShape, count, factor) / model.tau;
  }

  /** The means alone, for a noise factor that is known: what `meanOf` needs. Throws as `solve` does. */
  solveMeans(input: ReaderInput, factor: number): void {
    if (this.model.levelMap.edges !== null) {
      // the means that latent ratings move by come with all else
      this.solve(input, factor);
      return;
    }
    this.take(input);
    this.step.solveMeans(this.task(input.ratedBook.length, factor));
  }

  private rounds(count: number, held: number | null): number {
    if (count === 0) return 1;
    if (this.model.levelMap.edges !== null) return LATENT_ROUNDS;
    return held === null ? ROUNDS : 1;
  }

  /** Sum over the ratings of E[beta_i] Var[y], where they are latent. */
  private latentSquares(count: number): number {
    const { books, levelMap } = this.model;
    let sum = 0;
    if (levelMap.edges === null) return sum;
    for (let k = 0; k < count; k++) sum += books.precision[this.book[k]] * this.variance[k];
    return sum;
  }

  /** q(y) of the ratings, where they are latent, as training has it; returns the longest way that one moved, in standard deviations of its noise. */
  private moveLatent(count: number, factor: number): number {
    const { normal, step } = this;
    const { levelMap, books, dim, offset, tau } = this.model;
    const { edges } = levelMap;
    if (edges === null) return Infinity;
    let longest = 0;
    for (let k = 0; k < count; k++) {
      const book = this.book[k];
      const l = this.cell[k];
      const sd = 1 / Math.sqrt(tau * factor * books.precision[book]);
      normal.take(
        offset + books.mean[book * dim] + step.fitMean[k],
        sd,
        l === 0 ? -Infinity : edges[l - 1],
        l === edges.length ? Infinity : edges[l],
      );
      longest = Math.max(longest, Math.abs(normal.mean - this.value[k]) / sd);
      this.value[k] = normal.mean;
      this.variance[k] = normal.variance;
    }
    return longest;
  }

  /** Latent mean of a book's rating alone. */
  meanOf(book: number): number {
    const { offset, books, dim } = this.model;
    return offset + books.mean[book * dim] + this.fit.meanOf(book);
  }

  private take(input: ReaderInput): void {
    const count = input.ratedBook.length;
    this.rated = count;
    this.setPriorMean(input);
    if (count > this.book.length) {
      this.book = new Int32Array(count);
      this.value = new Float64Array(count);
      this.cell = new Int32Array(count);
      this.variance = new Float64Array(count);
    }
    const { edges } = this.model.levelMap;
    for (let k = 0; k < count; k++) {
      this.book[k] = input.ratedBook[k];
      this.value[k] = scoreOf(this.model.levelMap, input.ratedValue[k]);
      if (edges === null) continue;
      this.cell[k] = cellOf(edges, this.value[k]);
      this.variance[k] = 0;
    }
  }

  private task(count: number, factor: number): ReaderTask {
    const { model } = this;
    return {
      book: this.book,
      value: this.value,
      from: 0,
      to: count,
      offset: model.offset,
      precision: model.tau * factor,
      priorMean: this.priorMean,
      priorAt: 0,
      priorPrecision: model.readerPrior.precision,
    };
  }

  private setPriorMean(input: ReaderInput): void {
    const { readerPrior } = this.model;
    this.priorMean.set(readerPrior.intercept);
    readerPrior.families.forEach((family, f) => {
      if (family.name === BOOKS_MET) {
        this.addMet(f, input);
        return;
      }
      const own = this.activityLabel(family, f, input);
      if (own !== null) {
        this.addEffect(own, 1);
        return;
      }
      const labels = input.labels.filter(
        (g) => g >= this.familyStart[f] && g < this.familyStart[f + 1],
      );
      for (const g of labels) this.addEffect(g, 1 / Math.sqrt(labels.length));
    });
  }

  /** Adds what the books that the reader has met say of the reader, however they are rated. */
  private addMet(f: number, { ratedBook, unratedBook }: ReaderInput): void {
    const labels = this.familyStart[f + 1] - this.familyStart[f];
    const weight = 1 / Math.sqrt(ratedBook.length + unratedBook.length);
    for (const books of [ratedBook, unratedBook]) {
      for (const book of books) {
        // the last book stands for any that is not known
        if (book < labels) this.addEffect(this.familyStart[f] + book, weight);
      }
    }
  }

  /** Label of a family that the ratings themselves decide, or null for any other family. */
  private activityLabel(
    family: { readonly name: string; readonly labels: readonly string[] },
    f: number,
    input: ReaderInput,
  ): number | null {
    const rated = input.ratedBook.length;
    let label: string;
    if (family.name === 'ratings') label = ratingCountLabel(rated);
    else if (family.name === 'unrated') label = unratedShareLabel(input.unratedBook.length, rated);
    else return null;
    return this.familyStart[f] + Math.max(0, family.labels.indexOf(label));
  }

  private addEffect(label: number, weight: number): void {
    const { dim, readerPrior } = this.model;
    for (let d = 0; d < dim; d++) this.priorMean[d] += weight * readerPrior.effect[label * dim + d];
  }

  /** How many ratings the prediction of a book is made from. */
  known(book: number): Known {
    return { reader: this.rated, book: this.model.bookRatings[book] };
  }

  /** Predicts the rating of a book: its latent mean and variances are in the fields. */
  lookAt(book: number): void {
    const { model, fit } = this;
    fit.lookAt(book);
    this.mean = model.offset + model.books.mean[book * model.dim] + fit.mean;
    this.varReader = fit.variance;
    this.varBook = bookVariance(this.step, book);
    this.varNoise = this.noise * model.bookNoise[book];
  }

  /** Latent mean of a book's rating, and its variance by cause. */
  predict(book: number): LatentPrediction {
    this.lookAt(book);
    const { mean, varReader, varBook, varNoise } = this;
    return { mean, varReader, varBook, varNoise };
  }

  /**
   * What each rating contributes to the mean of a book: the slope of the mean in it (docs/model.md 3.14) times how far it lies from
   * what was expected of it before all ratings. Written to `out[0 .. n)`.
   */
  shares(book: number, out: Float64Array): void {
    const { step, model, priorMean } = this;
    const { dim } = model;
    this.lookAt(book);
    this.fit.slopes(out);
    for (let k = 0; k < step.placement.count; k++) {
      const w = step.placement.book[k] * dim;
      let expected = priorMean[0];
      for (let a = 1; a < dim; a++) expected += priorMean[a] * model.books.mean[w + a];
      out[k] *= step.residual[k] - expected;
    }
  }
}
