import { nthSmallest } from '../nth-smallest.ts';
import type { InterestBasis } from './interest-model.ts';
import { tieFactors, type Ties } from './ties.ts';

/** Ties of a history to each book for several exponents: the first of `Signals`. A workspace; it speaks of the last `open`. */
export class TieSignal {
  private readonly ties: Ties;
  private readonly exponents: number;
  /** By book, one behind the other for the exponents: factors, and sums of the ties before them, where `seen` is `query`. */
  private readonly factor: Float64Array;
  private readonly sum: Float64Array;
  private readonly seen: Int32Array;
  private readonly floor: readonly number[];
  private query = 0;

  constructor({ ties, popularity }: InterestBasis, exponents: readonly number[]) {
    const books = popularity.length;
    this.ties = ties;
    this.exponents = exponents.length;
    this.factor = new Float64Array(books * exponents.length);
    this.floor = exponents.map((exponent, e) => {
      const factor = tieFactors(popularity, exponent);
      for (let n = 0; n < books; n++) this.factor[n * exponents.length + e] = factor[n];
      return medianTie(ties, factor);
    });
    this.sum = new Float64Array(books * exponents.length);
    this.seen = new Int32Array(books);
  }

  open(history: ArrayLike<number>): void {
    this.query++;
    const { query, exponents, factor, sum, seen } = this;
    const { start, book, strength } = this.ties;
    for (let n = 0; n < history.length; n++) {
      const own = history[n] * exponents;
      for (let t = start[history[n]]; t < start[history[n] + 1]; t++) {
        const j = book[t];
        const at = j * exponents;
        if (seen[j] !== query) for (let e = 0; e < exponents; e++) sum[at + e] = 0;
        seen[j] = query;
        for (let e = 0; e < exponents; e++) sum[at + e] += strength[t] * factor[own + e];
      }
    }
  }

  /** The signal of a book with the exponent of index e. */
  of(book: number, e: number): number {
    const at = book * this.exponents + e;
    const tied = this.seen[book] === this.query ? this.sum[at] * this.factor[at] : 0;
    return Math.log(this.floor[e] + tied);
  }
}

/** Median of the ties as they count: what tells a weak tie from none. 1 where there is no tie. */
export function medianTie(ties: Ties, factor: Float64Array): number {
  const size = ties.book.length;
  if (size === 0) return 1;
  const strength = new Float64Array(size);
  for (let i = 0; i + 1 < ties.start.length; i++) {
    for (let t = ties.start[i]; t < ties.start[i + 1]; t++) {
      strength[t] = ties.strength[t] * factor[i] * factor[ties.book[t]];
    }
  }
  return nthSmallest(strength, size >> 1);
}
