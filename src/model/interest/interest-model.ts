import type { LogisticPosterior } from './logistic.ts';
import type { Ties } from './ties.ts';
import type { Works } from './works.ts';

/** What the signals of a reader and a book are computed from; one entry a book of the trained model, M. */
export interface InterestBasis {
  readonly ties: Ties;
  /** Readers who have met each book. */
  readonly popularity: Int32Array;
  /** b of docs/model.md 3.13. */
  readonly exponent: number;
}

/** What readers pick up: the basis and what each signal counts (docs/model.md 3.13). No reader is in it. */
export interface InterestModel extends InterestBasis {
  /** In the order of `signalNames`, and the intercept. */
  readonly weights: LogisticPosterior;
  /** Mean of each signal over the candidates: a signal speaks by its distance from it. */
  readonly centre: Float64Array;
  readonly works: Works;
}

/** Signals in order: the ties, one of each family of labels, then popularity, history and rating. */
export function signalNames(families: readonly string[]): string[] {
  return ['readers', ...families, 'popularity', 'history', 'rating'];
}
