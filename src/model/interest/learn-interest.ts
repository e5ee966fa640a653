import type { LabelSpace } from '../label-space.ts';
import { seededRandom, type Random } from '../random.ts';
import type { InterestBasis, InterestModel } from './interest-model.ts';
import {
  fitLogistic,
  type LogisticPosterior,
  type LogisticRows,
  logPosterior,
} from './logistic.ts';
import { Signals } from './signals.ts';
import { buildTies, popularityOf, type Histories } from './ties.ts';

/** Ties kept of each book. */
const TOP_TIES = 100;
/** Exponents b to choose from; ties are picked out with the middle one meanwhile. */
const EXPONENTS = [0.3, 0.4, 0.5];
const MIDDLE = 0.4;
/** Candidates drawn for a reader, of those with a tie and of those without. */
const DRAWN = 15;

/** What readers picked up that the signals have not seen. */
export interface PickedUp {
  /** Readers with hidden books, ascending. */
  readonly readers: Int32Array;
  /** Hidden books of `readers[n]`. */
  readonly books: readonly Int32Array[];
}

/** How a book's predicted rating enters; called for the books of one reader after the other. */
export interface RatingSignal {
  open(reader: number): void;
  /** Predicted rating less the mean rating, rating units. */
  of(book: number): number;
}

/** Input of `learnWeights`. */
export interface WeightTask {
  readonly histories: Histories;
  readonly pickedUp: PickedUp;
  readonly labels: LabelSpace;
  readonly listed: Uint8Array;
  readonly rating: RatingSignal;
  readonly seed: number;
}

/** What a slice of the rows teaches. */
export type InterestWeights = Pick<InterestModel, 'weights' | 'centre' | 'exponent'>;

/** The basis from given histories. */
export function interestBasis(
  histories: Histories,
  listed: Uint8Array,
  exponent: number,
): InterestBasis {
  return {
    ties: buildTies(histories, listed, { top: TOP_TIES, exponent }),
    popularity: popularityOf(histories, listed.length),
    exponent,
  };
}

/**
 * Chooses the exponent by the likelihood of the hidden books and learns what each signal counts. A candidate that was
 * not picked up stands for all like it that were not drawn.
 */
export function learnWeights(task: WeightTask): InterestWeights {
  const basis = interestBasis(task.histories, task.listed, MIDDLE);
  let best = { exponent: MIDDLE, value: -Infinity };
  for (const exponent of EXPONENTS) {
    const rows = sampleRows({ ...basis, exponent }, task, NO_RATING);
    const value = logPosterior(rows, fitLogistic(rows).mean);
    if (value > best.value) best = { exponent, value };
  }
  const rows = sampleRows({ ...basis, exponent: best.exponent }, task, task.rating);
  return { exponent: best.exponent, weights: fitLogistic(rows), centre: centreOf(rows) };
}

/** P(picks up) of signals under a posterior: the mean over the weights, by the probit approximation. */
export function interestOf(
  { mean, cov }: LogisticPosterior,
  signal: Float64Array,
  at: number,
): number {
  const last = mean.length - 1;
  let linear = mean[last];
  // the row of the intercept, whose signal is 1
  let variance = cov[last * last + 2 * last];
  for (let a = 0; a < last; a++) {
    const x = signal[at + a];
    linear += mean[a] * x;
    const row = a * (last + 1);
    let sum = cov[row + a] * x + 2 * cov[last * (last + 1) + a];
    for (let b = 0; b < a; b++) sum += 2 * cov[row + b] * signal[at + b];
    variance += x * sum;
  }
  return 1 / (1 + Math.exp(-linear / Math.sqrt(1 + (Math.PI * variance) / 8)));
}

const NO_RATING: RatingSignal = { open: () => undefined, of: () => 0 };

function sampleRows(basis: InterestBasis, task: WeightTask, rating: RatingSignal): LogisticRows {
  const { pickedUp, histories } = task;
  const signals = new Signals(basis, task.labels, task.listed);
  const random = seededRandom(task.seed);
  const { width } = signals;
  const outcome: number[] = [];
  const weight: number[] = [];
  let signal = new Float64Array(width * 65_536);
  pickedUp.readers.forEach((u, n) => {
    signals.open(histories.book.subarray(histories.start[u], histories.start[u + 1]), []);
    rating.open(u);
    const hidden = new Set(pickedUp.books[n]);
    for (const { book, stands } of drawn(signals, hidden, random)) {
      const at = outcome.length * width;
      if (at + width > signal.length) {
        const longer = new Float64Array(2 * signal.length);
        longer.set(signal);
        signal = longer;
      }
      signals.write(book, rating.of(book), signal, at);
      outcome.push(hidden.has(book) ? 1 : 0);
      weight.push(stands);
    }
  });
  return {
    width,
    signal: signal.subarray(0, width * outcome.length),
    outcome: Uint8Array.from(outcome),
    weight: Float64Array.from(weight),
  };
}

/** All candidates that were picked up, and some that were not with how many each stands for. */
function drawn(
  signals: Signals,
  hidden: ReadonlySet<number>,
  random: Random,
): Array<{ book: number; stands: number }> {
  const rows: Array<{ book: number; stands: number }> = [];
  const left: [number[], number[]] = [[], []];
  for (let n = 0; n < signals.size; n++) {
    const book = signals.candidate[n];
    if (hidden.has(book)) rows.push({ book, stands: 1 });
    else left[signals.isTied(book) ? 1 : 0].push(book);
  }
  for (const pool of left) {
    const count = Math.min(DRAWN, pool.length);
    const stands = pool.length / count;
    for (let n = 0; n < count; n++) {
      const at = n + Math.floor(random() * (pool.length - n));
      const book = pool[at];
      pool[at] = pool[n];
      rows.push({ book, stands });
    }
  }
  return rows;
}

/** Weighted mean of each signal. */
function centreOf({ width, signal, weight }: LogisticRows): Float64Array {
  const centre = new Float64Array(width);
  let total = 0;
  for (let n = 0; n < weight.length; n++) {
    total += weight[n];
    for (let a = 0; a < width; a++) centre[a] += weight[n] * signal[n * width + a];
  }
  return centre.map((sum) => sum / Math.max(total, 1));
}
