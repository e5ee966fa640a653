import type { Policy } from '../contracts/policies.ts';
import type { SimilarBook } from './interest/similar.ts';
import type { RankedList } from './ranked-list.ts';

/** What is known of a reader: the input of fold-in. All books by catalogue index. */
export interface ReaderInput {
  /** Reader-side labels as global indices over the families, see `Recommender.labelsOf`. */
  readonly labels: Uint32Array;
  readonly ratedBook: Uint32Array;
  readonly ratedValue: ArrayLike<number>;
  /** Books met without a rating; left out of lists. */
  readonly unratedBook: Uint32Array;
  /** Books that stand for their authors, whom the reader likes: what else they wrote is of interest. */
  readonly byLiked?: Uint32Array;
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

/** A book whose rating is asked for, with what it would tell. */
export interface Question {
  readonly book: number;
  /** P(picks up). */
  readonly interest: number;
  /** Mean standard deviation of what the books' ratings may be on average, noise left out, without and with the answer. */
  readonly before: number;
  readonly after: number;
}

/** How a list is made. */
export interface ListChoice {
  readonly policy: Policy;
  /** Seed of the draws of policy `explore`; the others draw nothing. */
  readonly seed: number;
  /** Books of one author in ten places, at least 1. */
  readonly maxPerAuthor: number;
}

/** Lists as they are made where nothing else is asked for. */
export const DEFAULT_CHOICE: ListChoice = { policy: 'balanced', seed: 1, maxPerAuthor: 4 };

/** A trained model that answers for any reader by fold-in. Pure; holds no reader. */
export interface Recommender {
  /** Levels of the scale, ascending. */
  readonly levels: Float64Array;
  /** Index for `predict` of the book of which nothing is known; it is never listed. */
  readonly unknownBook: number;
  /** Names of the signals of interest, in the order of `RankedList.signal`. */
  readonly signals: readonly string[];
  /** Label indices for named fields, e.g. `{country: 'usa', age: '31'}`; what is unknown is left out. */
  labelsOf(fields: Readonly<Record<string, string>>): Uint32Array;
  /**
   * Up to `topK` listed books, best first, none of a work that the reader has rated or met. With `allowed` (a number a book) only
   * those where it is 1.
   */
  recommend(
    reader: ReaderInput,
    topK: number,
    choice?: ListChoice,
    allowed?: Uint8Array,
  ): RankedList;
  predict(reader: ReaderInput, books: Uint32Array): Prediction[];
  /**
   * Mean width of the 95 % intervals of the books, rating units, by how many of the reader's ratings are known, the first ones
   * first: n + 1 numbers; 0 without books.
   */
  meanWidths(reader: ReaderInput, books: Uint32Array): Float64Array;
  /**
   * For each book what each rating of the reader adds to its predicted mean, in the order of the ratings: the mean without them,
   * before it is kept within the scale, is the rest.
   */
  shares(reader: ReaderInput, books: Uint32Array): Float64Array[];
  /**
   * The book whose rating would tell most of what the reader may pick, times the chance that they know it, none of those that
   * are 0 in `allowed`; null where there is none.
   */
  question(reader: ReaderInput, allowed?: Uint8Array): Question | null;
  /** Up to `count` listed books that readers of the book have met, surest first; null where the model does not know. */
  similar(book: number, count: number): SimilarBook[] | null;
}
