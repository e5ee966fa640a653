import { cholesky, invertFromFactor, packedSize } from '../../model/cholesky.ts';
import { emptyEffectSums } from '../../model/content-effects.ts';
import type { EffectSums } from '../../model/content-effects.ts';
import type { Directions } from '../../model/directions.ts';
import type { Gamma } from '../../model/gamma.ts';
import type { LabelSpace } from '../../model/label-space.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';
import type { Posteriors, Shift } from '../../model/row-step.ts';
import { cellOf } from '../../model/level-map.ts';
import { sharedFloats, sharedInts } from '../../model/shared-array.ts';
import { checkRatings } from './check-ratings.ts';
import { START_SHARE } from './effect-variances.ts';
import type { BookSide } from '../../model/reader-step.ts';
import { SidePrior } from '../../model/side-prior.ts';
import type { SidePosteriors } from '../../model/side-prior.ts';

/** What the trainer learns from. */
export interface TrainingData {
  readonly matrix: RatingMatrix;
  /** Labels of the readers and of the books, for the prior means. */
  readonly readerLabels: LabelSpace;
  readonly bookLabels: LabelSpace;
  /** Labels of the books that carry each reader's own content effects. */
  readonly effectLabels: LabelSpace;
  /** Places of the books among the directions of who met what. */
  readonly directions: Directions;
  /** Edges of the cells that the ratings are only known to lie in, or null where they are known themselves. */
  readonly edges: Float64Array | null;
}

/** Standard deviation of the random start of the factors. */
const START_SD = 0.1;
/** Variance of every posterior at the start. */
const START_VARIANCE = 0.01;
/** Shape of the noise factors at the start. */
const START_SHAPE = 10;

/** Shape a of the prior Gamma(a, a) of a side's noise factors, and the a that their posteriors were computed with. */
export interface FactorShape {
  prior: number;
  used: number;
}

/**
 * q(y) of ratings of which no more is known than their cells: truncated normals, whose means are the values of the state's matrix. By slot in shared
 * memory, but for the sum of the entropies (nats).
 */
export interface LatentRatings {
  readonly edges: Float64Array;
  /** Number of the cell. */
  readonly cell: Int32Array;
  readonly variance: Float64Array;
  entropy: number;
}

/** All posteriors of the model: the current point of the coordinate ascent. What sweeps write lies in shared memory. */
export interface ModelState {
  /** With values of its own where ratings are latent. */
  readonly data: TrainingData;
  readonly latent: LatentRatings | null;
  /** D = K + 1. */
  readonly dim: number;
  /** mu, the mean rating. */
  offset: number;
  readonly readers: Posteriors & SidePosteriors & { readonly shift: Shift | null };
  readonly books: BookSide & SidePosteriors;
  readonly readerPrior: SidePrior;
  readonly bookPrior: SidePrior;
  /** q(tau) and its prior. */
  tau: Gamma;
  readonly tauPrior: Gamma;
  /** Shapes a_U, a_I of the priors of alpha_u and beta_i. */
  readonly readerShape: FactorShape;
  readonly bookShape: FactorShape;
  /** Sums over the content effects, of the last reader sweep. */
  effects: EffectSums;
  /** Sums of ln det of the posterior precisions. */
  readerLogDet: number;
  bookLogDet: number;
  /** Sum of E[alpha] E[beta] E[(r - mu - f)^2] over the ratings. */
  squares: number;
}

/**
 * The starting point: random factors, everything else at its prior (docs/model.md 3.1 c).
 * Throws `MODEL_INPUT` where a rating is not finite.
 */
export function startState(given: TrainingData, rank: number, seed: number): ModelState {
  checkRatings(given.matrix);
  const { data, latent } = startLatent(given);
  const { matrix } = data;
  const dim = rank + 1;
  const { mean, variance } = moments(matrix.value);
  const random = seededRandom(seed);
  const readers = startSide(matrix.readers, matrix.reader, dim);
  const books = startSide(matrix.books, matrix.book, dim);
  for (let i = 0; i < books.mean.length; i++) {
    if (i % dim > 0) books.mean[i] = START_SD * normalDraw(random);
  }
  const effectVar = startVariances(data, variance);
  const tauPrior = { shape: 1, rate: variance };
  return {
    data,
    latent,
    dim,
    offset: mean,
    readers: {
      ...readers,
      shift: effectVar.length === 0 ? null : startShift(matrix.size, rank),
    },
    books: {
      dim,
      ...books,
      labels: data.effectLabels,
      directions: data.directions,
      effectVar,
    },
    readerPrior: new SidePrior(data.readerLabels, dim),
    bookPrior: new SidePrior(data.bookLabels, dim),
    tau: {
      shape: tauPrior.shape + matrix.size / 2,
      rate: (tauPrior.shape + matrix.size / 2) * variance,
    },
    tauPrior,
    readerShape: { prior: START_SHAPE, used: START_SHAPE },
    bookShape: { prior: START_SHAPE, used: START_SHAPE },
    effects: emptyEffectSums(effectVar.length),
    readerLogDet: 0,
    bookLogDet: -dim * Math.log(START_VARIANCE) * countActive(books.active),
    squares: 0,
  };
}

/** Latent ratings begin at their scores, and in a copy, which sweeps change. */
function startLatent(given: TrainingData): {
  data: TrainingData;
  latent: LatentRatings | null;
} {
  const { matrix, edges } = given;
  if (edges === null) return { data: given, latent: null };
  const value = sharedFloats(matrix.size);
  value.set(matrix.value);
  const cell = sharedInts(matrix.size);
  for (let slot = 0; slot < matrix.size; slot++) cell[slot] = cellOf(edges, value[slot]);
  const latent = { edges, cell, variance: sharedFloats(matrix.size), entropy: 0 };
  return { data: { ...given, matrix: { ...matrix, value } }, latent };
}

/** sigma_F^2 by family, and sigma_L^2 behind them where there are directions. */
function startVariances(
  { effectLabels, directions }: TrainingData,
  variance: number,
): Float64Array {
  const families = effectLabels.families.length;
  const start = sharedFloats(families + (directions.count > 0 ? 1 : 0));
  start.fill(START_SHARE.leanings * variance);
  return start.fill(START_SHARE.effects * variance, 0, families);
}

function startShift(ratings: number, rank: number): Shift {
  return {
    mean: sharedFloats(ratings),
    variance: sharedFloats(ratings),
    cov: sharedFloats(ratings * rank),
  };
}

function startSide(
  count: number,
  entity: Int32Array,
  dim: number,
): SidePosteriors & { precision: Float64Array } {
  const packed = packedSize(dim);
  const cov = sharedFloats(count * packed);
  for (let n = 0; n < count; n++) {
    for (let d = 0, t = n * packed; d < dim; t += ++d + 1) cov[t] = START_VARIANCE;
  }
  const active = new Uint8Array(count);
  for (const n of entity) active[n] = 1;
  return {
    mean: sharedFloats(count * dim),
    cov,
    active,
    precision: sharedFloats(count).fill(1),
  };
}

/** Lambda_I^-1, D x D row-major: the covariance of a book without ratings. */
export function priorCovariance({ bookPrior, dim }: ModelState): Float64Array {
  const factor = bookPrior.precision.mean.slice();
  // a Wishart mean is positive definite, else its making had thrown
  cholesky(factor, dim);
  const cov = new Float64Array(dim * dim);
  invertFromFactor(factor, dim, cov);
  return cov;
}

/** Gives books without ratings their prior: mean from the labels, covariance Lambda^-1. */
export function fillUnrated(state: ModelState): void {
  const { books, bookPrior, dim } = state;
  const packed = packedSize(dim);
  const cov = priorCovariance(state);
  for (let i = 0; i < books.active.length; i++) {
    if (books.active[i] === 1) continue;
    for (let a = 0, t = i * packed; a < dim; a++) {
      books.mean[i * dim + a] = bookPrior.mean[i * dim + a];
      for (let b = 0; b <= a; b++, t++) books.cov[t] = cov[a * dim + b];
    }
  }
}

/** Entities that have ratings. */
export function countActive(active: Uint8Array): number {
  let count = 0;
  for (const one of active) count += one;
  return count;
}

function moments(values: Float64Array): { mean: number; variance: number } {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n];
  const mean = sum / values.length;
  let squares = 0;
  for (let n = 0; n < values.length; n++) squares += (values[n] - mean) * (values[n] - mean);
  // a data set with one level only still needs a scale
  return { mean, variance: squares / values.length || 1 };
}
