import { grown } from '../growable.ts';
import type { LabelSpace } from '../label-space.ts';
import { seededRandom, type Random } from '../random.ts';
import { sharedBytes, sharedFloats, sharedInts } from '../shared-array.ts';
import { type InterestBasis, type InterestModel, signalNames } from './interest-model.ts';
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
/** Numbers that a candidate is kept as beside its signals. */
const BESIDE_SIGNALS = 3;

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

/** Input of `drawCandidates`. */
export interface DrawTask {
  readonly histories: Histories;
  readonly pickedUp: PickedUp;
  readonly labels: LabelSpace;
  readonly listed: Uint8Array;
  readonly seed: number;
}

/**
 * Books that readers picked up beside some that they did not, reader by reader, with what all signals but the predicted rating say
 * of them. What is as long as the rows lies in shared memory.
 */
export interface Candidates {
  readonly reader: Int32Array;
  readonly book: Int32Array;
  /** The rating, which is the last signal, is 0. */
  readonly rows: LogisticRows;
  readonly exponent: number;
  /** Weights that a part of the rows gives, to start from. */
  readonly start: Float64Array;
}

/** Most numbers that candidates are kept as where so many readers have picked up so many books. */
export function candidateNumbers(
  families: readonly string[],
  readers: number,
  pickedUp: number,
): number {
  const numbers = signalNames(families).length + BESIDE_SIGNALS;
  return numbers * (pickedUp + 2 * DRAWN * Math.min(readers, pickedUp));
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
 * Draws candidates and chooses the exponent by the likelihood of the hidden books. A candidate that was not picked up stands for all like
 * it that were not drawn. Needs no predicted rating, so that it can be done before any is known.
 */
export function drawCandidates(task: DrawTask): Candidates {
  const basis = interestBasis(task.histories, task.listed, MIDDLE);
  const { ties, ...drawn } = sampleOf(basis, task);
  const some = firstRows(drawn.rows, ROWS_FOR_EXPONENT);
  let best = { exponent: MIDDLE, value: -Infinity, tie: ties[0], mean: startOf(some) };
  let mean = best.mean;
  EXPONENTS.forEach((exponent, e) => {
    setSignal(some, 0, ties[e]);
    mean = fitLogistic(some, mean).mean;
    const value = logPosterior(some, mean);
    if (value > best.value) best = { exponent, value, tie: ties[e], mean };
  });
  setSignal(drawn.rows, 0, best.tie);
  return { ...drawn, exponent: best.exponent, start: best.mean };
}

/** Learns what each signal counts; writes the predicted ratings into the candidates' rows. */
export function learnWeights(
  { reader, book, rows, exponent, start }: Candidates,
  rating: RatingSignal,
): InterestWeights {
  const { width, signal } = rows;
  for (let n = 0, at = width - 1; n < book.length; n++, at += width) {
    if (n === 0 || reader[n] !== reader[n - 1]) rating.open(reader[n]);
    signal[at] = rating.of(book[n]);
  }
  return { exponent, weights: fitLogistic(rows, start), centre: centreOf(rows) };
}

/** Candidates without an exponent; the ties of another one lead to the same, so that they are drawn once for all exponents. */
interface Sample extends Pick<Candidates, 'reader' | 'book' | 'rows'> {
  /** By exponent. */
  readonly ties: readonly Float64Array[];
}

function sampleOf(basis: InterestBasis, task: DrawTask): Sample {
  const { pickedUp, histories, labels, listed } = task;
  const signals = new Signals(basis, labels, listed);
  const tied = new TieSignal(basis, EXPONENTS);
  const { width } = signals;
  const draw = new Draw(signals, seededRandom(task.seed));
  const most = pickedUp.books.reduce((sum, books) => sum + books.length + 2 * DRAWN, 0);
  const reader = sharedInts(most);
  const book = sharedInts(most);
  const signal = sharedFloats(width * most);
  const outcome = sharedBytes(most);
  const weight = sharedFloats(most);
  const ties = EXPONENTS.map(() => new Float64Array(most));
  let size = 0;
  pickedUp.readers.forEach((u, n) => {
    const history = histories.book.subarray(histories.start[u], histories.start[u + 1]);
    signals.open(history, []);
    tied.open(history);
    draw.among(pickedUp.books[n]);
    for (let d = 0; d < draw.size; d++, size++) {
      reader[size] = u;
      book[size] = draw.book[d];
      signals.write(book[size], 0, signal, size * width);
      outcome[size] = d < draw.pickedUp ? 1 : 0;
      weight[size] = draw.stands[d];
      for (let e = 0; e < ties.length; e++) ties[e][size] = tied.of(book[size], e);
    }
  });
  const rows = {
    width,
    signal: signal.subarray(0, width * size),
    outcome: outcome.subarray(0, size),
    weight: weight.subarray(0, size),
  };
  return { reader: reader.subarray(0, size), book: book.subarray(0, size), rows, ties };
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
