import { ratingCountLabel, unratedShareLabel } from './activity-labels.ts';
import { BookFit } from './book-effects.ts';
import { FoldedRatings } from './folded-ratings.ts';
import { grown } from './growable.ts';
import type { Known } from './level-map.ts';
import { BOOKS_MET } from './links.ts';
import { expectedInverse, noiseFactor } from './noise-factor.ts';
import { PsiMoments } from './book-uncertainty.ts';
import { expectedSquares } from './reader-posterior.ts';
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
  private readonly moments: PsiMoments;
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
  private readonly ratings: FoldedRatings;

  constructor(model: RatingModel) {
    this.model = model;
    this.step = new ReaderStep(model.books);
    this.fit = new BookFit(this.step);
    this.moments = new PsiMoments(model.books);
    this.priorMean = new Float64Array(model.dim);
    this.ratings = new FoldedRatings(model);
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
    const { model, step, ratings } = this;
    const count = input.ratedBook.length;
    this.take(input);
    let factor = held ?? 1;
    let left = this.rounds(count, held);
    while (left > 0) {
      step.solve(this.task(count, factor));
      this.moments.take(step);
      if (count > 0 && held === null) {
        const squares = expectedSquares(step, this.moments) + ratings.squares(step);
        factor = noiseFactor(model.readerShape, count, model.tau * squares);
      }
      left--;
      // one round more, with the ratings where they have come to rest
      if (ratings.areLatent && left > 0 && ratings.move(step, factor) < SETTLED) left = 1;
    }
    this.factor = factor;
    this.noise = expectedInverse(model.readerShape, count, factor) / model.tau;
  }

  /** The means alone, for a noise factor that is known: what `meanOf` needs. Throws as `solve` does. */
  solveMeans(input: ReaderInput, factor: number): void {
    if (this.ratings.areLatent) {
      // the means that latent ratings move by come with all else
      this.solve(input, factor);
      return;
    }
    this.take(input);
    this.step.solveMeans(this.task(input.ratedBook.length, factor));
  }

  private rounds(count: number, held: number | null): number {
    if (count === 0) return 1;
    if (this.ratings.areLatent) return LATENT_ROUNDS;
    return held === null ? ROUNDS : 1;
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
    this.book = grown(this.book, count);
    this.book.set(input.ratedBook);
    this.ratings.take(input.ratedValue, count);
  }

  private task(count: number, factor: number): ReaderTask {
    const { model } = this;
    return {
      book: this.book,
      value: this.ratings.value,
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
    this.varBook = this.moments.bookVariance(book);
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
