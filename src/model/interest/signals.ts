import { grown } from '../growable.ts';
import { countingOrder, countingStarts } from '../rating-matrix.ts';
import type { LabelSpace } from '../label-space.ts';
import type { InterestBasis } from './interest-model.ts';
import { medianTie } from './tie-signal.ts';
import { tieFactors } from './ties.ts';

/** Most popular books that are candidates for everybody (more for a long list), and for whoever has met a label. */
const LEAST_POPULAR = 300;
const POPULAR_OF_LABEL = 50;
/** K of an affinity: a reader's history counts as if it had this many more books, spread as everybody's. */
const AFFINITY_PRIOR = 5;
/** No family in particular. */
const ALL = -2;

/** In place of a query: of a book that is no candidate of anybody. */
const NEVER = -(2 ** 31);

/**
 * Candidates of a reader and their signals (docs/model.md 3.13): books tied to the history, the most popular ones of
 * its labels, and of all. Of other books nothing but the popularity speaks, so none of them is near the top.
 * One object is a workspace; its fields speak of the last `open`.
 */
export class Signals {
  readonly width: number;
  /** Candidates: `candidate[0 .. size)`; listed and not met. */
  candidate = new Int32Array(4096);
  size = 0;
  /** By candidate, see `weigh`. */
  logit = new Float64Array(4096);
  private readonly labels: LabelSpace;
  private readonly authors: number;
  private readonly basis: InterestBasis;
  private readonly factor: Float64Array;
  private readonly logPopularity: Float64Array;
  /** Where nothing is tied, the sum of ties is taken as this. */
  private readonly floor: number;
  private readonly logFloor: number;
  /** Share of each label in all that was met. */
  private readonly share: Float64Array;
  /** Listed books by falling popularity. */
  private readonly popular: Int32Array;
  private readonly labelStart: Int32Array;
  private readonly labelBook: Int32Array;
  /** By link of a book with a label: the label's part in its family, all of which add up to 1. */
  private readonly part: Float32Array;
  /** By candidate book: sum of the ties, before the book's own factor. */
  private readonly sum: Float64Array;
  /** By book: `query` where it is a candidate, -`query` where it was met, `NEVER` where it is not listed. */
  private readonly seen: Int32Array;
  private query = 0;
  /** By label: books met, and the affinity to it; those of `touched` alone are not zero. */
  private readonly met: Float64Array;
  private readonly affinity: Float64Array;
  private readonly touched: number[] = [];
  private unmet = 0;
  private logHistory = 0;

  constructor(basis: InterestBasis, labels: LabelSpace, listed: Uint8Array) {
    const { popularity, ties } = basis;
    const books = listed.length;
    this.basis = basis;
    this.labels = labels;
    this.authors = labels.families.indexOf('author');
    // The weights of a family's labels are 1 / sqrt(m), so that their squares add up to 1.
    this.part = Float32Array.from(labels.weight, (weight) => weight * weight);
    this.width = 4 + labels.families.length;
    this.factor = tieFactors(popularity, basis.exponent);
    this.logPopularity = Float64Array.from(popularity, (n) => Math.log(n + 1));
    this.floor = medianTie(ties, this.factor);
    this.logFloor = Math.log(this.floor);
    this.share = labelShares(labels, popularity);
    const order = Int32Array.from(listed.keys()).filter((book) => listed[book] === 1);
    order.sort((a, b) => popularity[b] - popularity[a] || a - b);
    this.popular = order;
    [this.labelStart, this.labelBook] = popularByLabel(labels, order);
    this.sum = new Float64Array(books);
    this.seen = Int32Array.from(listed, (one) => (one === 1 ? 0 : NEVER));
    this.met = new Float64Array(labels.familyOf.length);
    this.affinity = new Float64Array(labels.familyOf.length);
  }

  /**
   * Collects the candidates of a reader with these books behind them. Each of `byLiked` stands for all of its author's books,
   * which are wanted and not met: the author counts as if one more had been.
   */
  open(
    rated: ArrayLike<number>,
    unrated: ArrayLike<number>,
    popular = LEAST_POPULAR,
    byLiked: ArrayLike<number> = [],
  ): void {
    this.query++;
    this.size = 0;
    for (const g of this.touched) this.met[g] = this.affinity[g] = 0;
    this.touched.length = 0;
    const history = rated.length + unrated.length + byLiked.length;
    this.leaveOut(rated);
    this.leaveOut(unrated);
    for (const books of [rated, unrated]) for (let n = 0; n < books.length; n++) this.tie(books[n]);
    for (let n = 0; n < byLiked.length; n++) this.meet(byLiked[n], this.authors);
    this.unmet = Math.log(AFFINITY_PRIOR / (history + AFFINITY_PRIOR));
    this.logHistory = Math.log(history + 1);
    for (const g of this.touched) {
      this.affinity[g] = Math.log1p(this.met[g] / (AFFINITY_PRIOR * this.share[g]));
      for (let l = this.labelStart[g]; l < this.labelStart[g + 1]; l++) this.see(this.labelBook[l]);
    }
    const most = Math.min(this.popular.length, Math.max(LEAST_POPULAR, popular));
    for (let n = 0; n < most; n++) this.see(this.popular[n]);
  }

  /** Writes the signals of a book, `width` numbers from `at`; `rating` is its predicted distance to the mean. */
  write(book: number, rating: number, out: Float64Array, at: number): void {
    const { labels, unmet } = this;
    out[at] = Math.log(this.floor + this.tied(book));
    const families = at + 1;
    const rest = families + labels.families.length;
    out.fill(0, families, rest);
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const g = labels.label[e];
      out[families + labels.familyOf[g]] += this.part[e] * (this.affinity[g] + unmet);
    }
    out[rest] = this.logPopularity[book];
    out[rest + 1] = this.logHistory;
    out[rest + 2] = rating;
  }

  /** Writes the weighted sum of the signals of each candidate as if its rating were the mean; the intercept comes last. */
  weigh(weight: Float64Array): void {
    const { labels, part, affinity, unmet, candidate, logit, sum, factor } = this;
    const { start, label, familyOf } = labels;
    const ofTies = weight[0];
    const ofPopularity = weight[this.width - 3];
    const constant = weight[this.width - 2] * this.logHistory + weight[this.width];
    for (let n = 0; n < this.size; n++) {
      const book = candidate[n];
      const tied = sum[book];
      const tie = tied === 0 ? this.logFloor : Math.log(this.floor + tied * factor[book]);
      let total = constant + ofTies * tie + ofPopularity * this.logPopularity[book];
      for (let e = start[book]; e < start[book + 1]; e++) {
        const g = label[e];
        total += weight[1 + familyOf[g]] * part[e] * (affinity[g] + unmet);
      }
      logit[n] = total;
    }
  }

  /** Whether any tie leads to the candidate. */
  isTied(book: number): boolean {
    return this.tied(book) > 0;
  }

  private tied(book: number): number {
    return this.seen[book] === this.query ? this.sum[book] * this.factor[book] : 0;
  }

  /** Keeps books that were met from becoming candidates. */
  private leaveOut(books: ArrayLike<number>): void {
    for (let n = 0; n < books.length; n++) {
      if (this.seen[books[n]] !== NEVER) this.seen[books[n]] = -this.query;
    }
  }

  private tie(book: number): void {
    const { sum } = this;
    const { start, book: tied, strength } = this.basis.ties;
    const factor = this.factor[book];
    for (let t = start[book]; t < start[book + 1]; t++) {
      const j = tied[t];
      if (this.see(j)) sum[j] += strength[t] * factor;
    }
    this.meet(book);
  }

  /** Counts the labels of a book that was met, or those of one family. */
  private meet(book: number, family = ALL): void {
    const { labels, met, part } = this;
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const g = labels.label[e];
      if (family !== ALL && labels.familyOf[g] !== family) continue;
      if (met[g] === 0) this.touched.push(g);
      met[g] += part[e];
    }
  }

  /** Makes the book a candidate if it may be one; says whether it is. */
  private see(book: number): boolean {
    const seen = this.seen[book];
    if (seen === this.query) return true;
    if (seen === -this.query || seen === NEVER) return false;
    this.seen[book] = this.query;
    this.sum[book] = 0;
    if (this.size === this.candidate.length) {
      this.candidate = grown(this.candidate, this.size + 1);
      this.logit = grown(this.logit, this.size + 1);
    }
    this.candidate[this.size++] = book;
    return true;
  }
}

/** Share of each label in the books met, one reader added to every label. */
function labelShares(labels: LabelSpace, popularity: Int32Array): Float64Array {
  const share = new Float64Array(labels.familyOf.length).fill(1);
  let total = 1;
  for (let n = 0; n < labels.entities; n++) {
    total += popularity[n];
    for (let e = labels.start[n]; e < labels.start[n + 1]; e++) {
      share[labels.label[e]] += labels.weight[e] * labels.weight[e] * popularity[n];
    }
  }
  return share.map((met) => met / total);
}

/** The most popular books of each label, given all by popularity; as starts and books. */
function popularByLabel(labels: LabelSpace, order: Int32Array): [Int32Array, Int32Array] {
  const links = order.reduce((sum, book) => sum + labels.start[book + 1] - labels.start[book], 0);
  const label = new Int32Array(links);
  const book = new Int32Array(links);
  let at = 0;
  for (const n of order) {
    for (let e = labels.start[n]; e < labels.start[n + 1]; e++, at++) {
      label[at] = labels.label[e];
      book[at] = n;
    }
  }
  const start = countingStarts(label, labels.familyOf.length);
  const sorted = countingOrder(label, start).map((link) => book[link]);
  const kept = new Int32Array(start.length);
  for (let g = 0; g + 1 < start.length; g++) {
    const count = Math.min(POPULAR_OF_LABEL, start[g + 1] - start[g]);
    sorted.copyWithin(kept[g], start[g], start[g] + count);
    kept[g + 1] = kept[g] + count;
  }
  return [kept, sorted.slice(0, kept[start.length - 1])];
}
