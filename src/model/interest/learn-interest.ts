import { grown } from '../growable.ts';
import type { LabelSpace } from '../label-space.ts';
import { seededRandom, type Random } from '../random.ts';
import type { InterestBasis, InterestModel } from './interest-model.ts';
import { fitLogistic, type LogisticRows, logPosterior, startOf } from './logistic.ts';
import { Signals } from './signals.ts';
import { TieSignal } from './tie-signal.ts';
import { buildTies, popularityOf, TIES_KEPT, type Histories } from './ties.ts';

/** Exponents b to choose from; ties are picked out with the middle one meanwhile. */
const EXPONENTS = [0.3, 0.4, 0.5];
const MIDDLE = 0.4;
/** Rows that choose among them: the difference between neighbours is far above the noise of so many. */
const ROWS_FOR_EXPONENT = 100_000;
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
    ties: buildTies(histories, listed, { top: TIES_KEPT, exponent }),
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
  const { rows, ties, rating } = sampleOf(basis, task);
  const some = firstRows(rows, ROWS_FOR_EXPONENT);
  let best = { exponent: MIDDLE, value: -Infinity, tie: ties[0], mean: startOf(some) };
  let mean = best.mean;
  EXPONENTS.forEach((exponent, e) => {
    setSignal(some, 0, ties[e]);
    mean = fitLogistic(some, mean).mean;
    const value = logPosterior(some, mean);
    if (value > best.value) best = { exponent, value, tie: ties[e], mean };
  });
  setSignal(rows, 0, best.tie);
  setSignal(rows, rows.width - 1, rating);
  const weights = fitLogistic(rows, best.mean);
  return { exponent: best.exponent, weights, centre: centreOf(rows) };
}

/** Rows to learn from, with what is learned in steps left at 0: the ties by exponent, and the rating. */
interface Sample {
  readonly rows: LogisticRows;
  readonly ties: readonly Float64Array[];
  readonly rating: Float64Array;
}

/** The ties of another exponent lead to the same candidates, so that the rows are drawn once for all of them. */
function sampleOf(basis: InterestBasis, task: WeightTask): Sample {
  const { pickedUp, histories, labels, listed } = task;
  const signals = new Signals(basis, labels, listed);
  const tied = new TieSignal(basis, EXPONENTS);
  const { width } = signals;
  const draw = new Draw(signals, seededRandom(task.seed));
  const most = pickedUp.books.reduce((sum, books) => sum + books.length + 2 * DRAWN, 0);
  const signal = new Float64Array(width * most);
  const outcome = new Uint8Array(most);
  const weight = new Float64Array(most);
  const ties = EXPONENTS.map(() => new Float64Array(most));
  const rating = new Float64Array(most);
  let size = 0;
  pickedUp.readers.forEach((u, n) => {
    const history = histories.book.subarray(histories.start[u], histories.start[u + 1]);
    signals.open(history, []);
    tied.open(history);
    task.rating.open(u);
    draw.among(pickedUp.books[n]);
    for (let d = 0; d < draw.size; d++, size++) {
      const book = draw.book[d];
      signals.write(book, 0, signal, size * width);
      outcome[size] = d < draw.pickedUp ? 1 : 0;
      weight[size] = draw.stands[d];
      for (let e = 0; e < ties.length; e++) ties[e][size] = tied.of(book, e);
      rating[size] = task.rating.of(book);
    }
  });
  return {
    rows: {
      width,
      signal: signal.subarray(0, width * size),
      outcome: outcome.subarray(0, size),
      weight: weight.subarray(0, size),
    },
    ties,
    rating,
  };
}

/** The first rows alone, as views. */
function firstRows({ width, signal, outcome, weight }: LogisticRows, count: number): LogisticRows {
  return {
    width,
    signal: signal.subarray(0, width * count),
    outcome: outcome.subarray(0, count),
    weight: weight.subarray(0, count),
  };
}

function setSignal({ width, signal }: LogisticRows, a: number, column: Float64Array): void {
  for (let at = a, n = 0; at < signal.length; at += width, n++) signal[at] = column[n];
}

/** Candidates of one reader: all that were picked up, and some that were not with how many each stands for. */
class Draw {
  /** Drawn books: `book[0 .. size)`, of which the first `pickedUp` were. */
  book = new Int32Array(256);
  stands = new Float64Array(256);
  size = 0;
  pickedUp = 0;
  private readonly signals: Signals;
  private readonly random: Random;
  private readonly left: [number[], number[]] = [[], []];

  constructor(signals: Signals, random: Random) {
    this.signals = signals;
    this.random = random;
  }

  /** Draws for the reader whose candidates the signals hold. */
  among(hidden: Int32Array): void {
    const { signals, left } = this;
    this.book = grown(this.book, hidden.length + 2 * DRAWN);
    this.stands = grown(this.stands, hidden.length + 2 * DRAWN);
    this.size = 0;
    left[0].length = left[1].length = 0;
    const wanted = new Set(hidden);
    for (let n = 0; n < signals.size; n++) {
      const book = signals.candidate[n];
      if (wanted.has(book)) this.take(book, 1);
      else left[signals.isTied(book) ? 1 : 0].push(book);
    }
    this.pickedUp = this.size;
    for (const pool of left) {
      const count = Math.min(DRAWN, pool.length);
      for (let n = 0; n < count; n++) {
        const at = n + Math.floor(this.random() * (pool.length - n));
        this.take(pool[at], pool.length / count);
        pool[at] = pool[n];
      }
    }
  }

  private take(book: number, stands: number): void {
    this.book[this.size] = book;
    this.stands[this.size++] = stands;
  }
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
