import type { ReaderSide } from '../../model/book-step.ts';
import { gammaMean } from '../../model/gamma.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';
import type { BookSide } from '../../model/reader-step.ts';
import type { HeldOutColumns, HeldOutRows } from './held-out-rows.ts';
import type { ModelState } from './model-state.ts';

/** What is done row by row: posteriors of readers, posteriors of books, errors of a sample of readers. */
export type SweepKind = 'readers' | 'books' | 'search';

/** What the threads of a training share; all that is as long as the ratings, readers or books lies in shared memory. */
export interface SweepData {
  readonly dim: number;
  readonly matrix: RatingMatrix;
  readonly readers: ReaderSide;
  readonly books: BookSide;
  /** Prior means, N x D and M x D. */
  readonly readerPriorMean: Float64Array;
  readonly bookPriorMean: Float64Array;
  readonly heldOut: HeldOutColumns;
  /** Readers of a search. */
  readonly sample: Int32Array;
  /** Chunks of each kind, in the order in which they are dealt. */
  readonly order: Readonly<Record<SweepKind, Int32Array>>;
}

/** The few numbers that change from sweep to sweep. */
export interface SweepNumbers {
  /** E[tau] and mu. */
  readonly tau: number;
  readonly offset: number;
  /** Shapes of the priors of the noise factors. */
  readonly readerShape: number;
  readonly bookShape: number;
  /** E[Lambda] of both sides, D x D. */
  readonly readerPrecision: Float64Array;
  readonly bookPrecision: Float64Array;
}

/** Rows in a chunk: few enough to keep all threads busy to the end, enough to make the dealing cheap. */
export const CHUNK = 256;

/** The parts of a state that sweeps work on. */
export function sweepDataOf(state: ModelState, watched: HeldOutRows): SweepData {
  const { data, dim, readers, books } = state;
  const { matrix } = data;
  const { shiftMean, shiftVar, shiftCov } = readers;
  const sample = watched.searchSample(data);
  return {
    dim,
    matrix,
    readers: { dim, ...posteriors(readers), shiftMean, shiftVar, shiftCov },
    books: { dim, ...posteriors(books), labels: books.labels, effectVar: books.effectVar },
    readerPriorMean: state.readerPrior.mean,
    bookPriorMean: state.bookPrior.mean,
    heldOut: watched.columns,
    sample,
    order: {
      readers: dearestFirst(matrix.readerStart),
      books: dearestFirst(matrix.bookStart),
      search: Int32Array.from({ length: Math.ceil(sample.length / CHUNK) }, (_, n) => n),
    },
  };
}

/** The numbers that the next sweep works with. */
export function sweepNumbersOf(state: ModelState): SweepNumbers {
  return {
    tau: gammaMean(state.tau),
    offset: state.offset,
    readerShape: state.readerShape.prior,
    bookShape: state.bookShape.prior,
    readerPrecision: state.readerPrior.precision.mean,
    bookPrecision: state.bookPrior.precision.mean,
  };
}

interface Posteriors {
  readonly mean: Float64Array;
  readonly cov: Float64Array;
  readonly precision: Float64Array;
}

function posteriors({ mean, cov, precision }: Posteriors): Posteriors {
  return { mean, cov, precision };
}

/** Chunks by falling sum of squared rating counts, so that no thread is left with a large one at the end. */
function dearestFirst(start: Int32Array): Int32Array {
  const cost = new Float64Array(Math.ceil((start.length - 1) / CHUNK));
  for (let n = 0; n + 1 < start.length; n++) {
    cost[Math.floor(n / CHUNK)] += (start[n + 1] - start[n]) ** 2;
  }
  return Int32Array.from(cost.keys()).sort((a, b) => cost[b] - cost[a] || a - b);
}
