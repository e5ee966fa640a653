import type { RankedList } from './ranked-list.ts';

/** What is known of a reader: the input of fold-in. All books by catalogue index. */
export interface ReaderInput {
  /** Reader-side labels as global indices over the families, see `Recommender.labelsOf`. */
  readonly labels: Uint32Array;
  readonly ratedBook: Uint32Array;
  readonly ratedValue: ArrayLike<number>;
  /** Books met without a rating; left out of lists. */
  readonly unratedBook: Uint32Array;
}

/** Somebody of whom nothing is known: fold-in gives the prior. */
export const NOTHING_KNOWN: ReaderInput = {
  labels: new Uint32Array(),
  ratedBook: new Uint32Array(),
  ratedValue: [],
  unratedBook: new Uint32Array(),
};

/** Predictive distribution of one rating. */
export interface Prediction {
  /** Expected rating on the data's scale. */
  readonly mean: number;
  /** Variances by cause, squared rating units. */
  readonly varReader: number;
  readonly varBook: number;
  readonly varNoise: number;
  /** P(level) for each level of the scale. */
  readonly levels: Float64Array;
  /** Quantile of the rating at probability p in (0, 1); lies within the scale. */
  quantile(p: number): number;
  /** P(rating >= t). */
  atLeast(t: number): number;
}

/**
 * How a list is ordered: by predicted mean; by the 5 % quantile of what the mean may be; or by the average of `samples`
 * draws of it (one draw is Thompson sampling). The last two re-order the best books by mean, ten times as many as asked.
 */
export type ListPolicy =
  | { readonly kind: 'mean' }
  | { readonly kind: 'cautious' }
  | { readonly kind: 'thompson'; readonly seed: number; readonly samples: number };

/** A trained model that answers for any reader by fold-in. Pure; holds no reader. */
export interface Recommender {
  /** Levels of the scale, ascending. */
  readonly levels: Float64Array;
  /** Index for `predict` of the book of which nothing is known; it is never listed. */
  readonly unknownBook: number;
  /** Label indices for named fields, e.g. `{country: 'usa', age: '31'}`; what is unknown is left out. */
  labelsOf(fields: Readonly<Record<string, string>>): Uint32Array;
  /** The best `topK` listed books that the reader has not rated or met. */
  recommend(reader: ReaderInput, topK: number, policy?: ListPolicy): RankedList;
  predict(reader: ReaderInput, books: Uint32Array): Prediction[];
}
