import type { InterestModel } from './interest/interest-model.ts';
import type { LevelMap } from './level-map.ts';
import type { BookSide } from './reader-step.ts';

/** Names and labels of the reader-side families, and what each label adds to the prior mean. */
export interface ReaderPriorModel {
  /** Families in order, with their labels; a label's global index counts through all families. */
  readonly families: ReadonlyArray<{ readonly name: string; readonly labels: readonly string[] }>;
  /** Intercept, D. */
  readonly intercept: Float64Array;
  /** Effects, labels x D. */
  readonly effect: Float64Array;
  /** Lambda_U, D x D row-major. */
  readonly precision: Float64Array;
}

/**
 * Everything that predicts any reader's ratings: books, hyper-parameters and the map to the levels. No reader is in it. The
 * last of the M books stands for any that is not in the catalogue: the books' prior, without labels, never listed.
 */
export interface RatingModel {
  /** D = K + 1. */
  readonly dim: number;
  /** mu */
  readonly offset: number;
  /** E[tau] */
  readonly tau: number;
  /** Shape of the prior of alpha_u. */
  readonly readerShape: number;
  readonly readerPrior: ReaderPriorModel;
  readonly books: BookSide;
  /** E[1 / beta_i], length M. */
  readonly bookNoise: Float64Array;
  /** Ratings that each book was learned from, length M. */
  readonly bookRatings: Int32Array;
  readonly levelMap: LevelMap;
  /** 1 where the book may be listed, length M. */
  readonly listed: Uint8Array;
}

/** What lists are made from: ratings, and what readers pick up. */
export interface TrainedModel extends RatingModel {
  readonly interest: InterestModel;
}
