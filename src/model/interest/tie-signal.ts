import { nthSmallest } from '../nth-smallest.ts';
import type { InterestBasis } from './interest-model.ts';
import { tieFactors, type Ties } from './ties.ts';

/** Ties of a history to each book, alone and for any exponent: the first of `Signals`. A workspace; it speaks of the last `open`. */
export class TieSignal {
  private readonly ties: Ties;
  private readonly factor: Float64Array;
  private readonly floor: number;
  /** By book: the sum of the ties before the book's own factor, where `seen` is `query`. */
  private readonly sum: Float64Array;
  private readonly seen: Int32Array;
  private query = 0;

  constructor({ ties, popularity, exponent }: InterestBasis) {
    this.ties = ties;
    this.factor = tieFactors(popularity, exponent);
    this.floor = medianTie(ties, this.factor);
    this.sum = new Float64Array(popularity.length);
    this.seen = new Int32Array(popularity.length);
  }

  open(history: ArrayLike<number>): void {
    this.query++;
    const { start, book, strength } = this.ties;
    for (let n = 0; n < history.length; n++) {
      const factor = this.factor[history[n]];
      for (let t = start[history[n]]; t < start[history[n] + 1]; t++) {
        const j = book[t];
        const before = this.seen[j] === this.query ? this.sum[j] : 0;
        this.seen[j] = this.query;
        this.sum[j] = before + strength[t] * factor;
      }
    }
  }

  of(book: number): number {
    const tied = this.seen[book] === this.query ? this.sum[book] * this.factor[book] : 0;
    return Math.log(this.floor + tied);
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
