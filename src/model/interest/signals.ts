import { grown } from '../growable.ts';
import { countingOrder, countingStarts } from '../rating-matrix.ts';
import type { LabelSpace } from '../label-space.ts';
import type { InterestBasis } from './interest-model.ts';
import { medianTie } from './tie-signal.ts';
import { tieFactors, type Ties } from './ties.ts';

/** Most popular books that are candidates for everybody (more for a long list), and for whoever has met a label. */
const LEAST_POPULAR = 300;
const POPULAR_OF_LABEL = 50;
/** K of an affinity: a reader's history counts as if it had this many more books, spread as everybody's. */
const AFFINITY_PRIOR = 5;
/** No family in particular. */
const ALL = -2;

/**
 * Candidates of a reader and their signals (docs/model.md 3.13): books tied to the history, the most popular ones of
 * its labels, and of all. Of other books nothing but the popularity speaks, so none of them is near the top.
 * Listed books are numbered by falling popularity inside, so that what is read for one reader after another lies close together.
 * One object is a workspace; its fields speak of the last `open`.
 */
export class Signals {
  readonly width: number;
  /** Candidates: `candidate[0 .. size)`; listed and not met. */
  candidate = new Int32Array(4096);
  size = 0;
  /** The first so many are those that ties lead to. */
  private tiedSize = 0;
  /** By candidate, see `weigh`. */
  logit = new Float64Array(4096);
  private readonly labels: LabelSpace;
  private readonly authors: number;
  private readonly ties: Ties;
  private readonly popularity: Int32Array;
  /** By popularity n: the factor on ties, and ln(n + 1). */
  private readonly factorOf: Float64Array;
  private readonly logOf: Float64Array;
  /** 1 / m */
  private readonly partOf: Float64Array;
  /** Where nothing is tied, the sum of ties is taken as this. */
  private readonly floor: number;
  private readonly logFloor: number;
  /** Share of each label in all that was met. */
  private readonly share: Float64Array;
  /** By link of a book with a label: the label's part in its family, all of which add up to 1. */
  private readonly part: Float64Array;
  /** Listed books by falling popularity; a book's place among them is its rank, -1 for one that is not listed. */
  private readonly popular: Int32Array;
  private readonly rankOf: Int32Array;
  /** The most popular books of each label, as ranks. */
  private readonly labelStart: Int32Array;
  private readonly labelRank: Int32Array;
  private readonly byRank: RankedBooks;
  /** Ranks of the candidates. */
  private ranks = new Int32Array(4096);
  /** By rank of a candidate: sum of the ties, before the book's own factor. */
  private readonly sum: Float64Array;
  /** By rank: `query` for a candidate, -`query` for a book that was met. */
  private readonly seen: Int32Array;
  private query = 0;
  /** By label: books met, the affinity to it, and what that counts; those of `touched` alone are not zero. */
  private readonly met: Float64Array;
  private readonly affinity: Float64Array;
  private readonly voice: Float64Array;
  /** By kind of book: all that does not hang on the book itself. */
  private readonly ofKind: Float64Array;
  private readonly touched: number[] = [];
  private unmet = 0;
  private logHistory = 0;

  constructor(basis: InterestBasis, labels: LabelSpace, listed: Uint8Array) {
    const { popularity, ties } = basis;
    this.ties = ties;
    this.labels = labels;
    this.authors = labels.families.indexOf('author');
    this.part = partsOf(labels);
    this.width = 4 + labels.families.length;
    this.popularity = popularity;
    this.floor = medianTie(ties, tieFactors(popularity, basis.exponent));
    this.logFloor = Math.log(this.floor);
    this.share = labelShares(labels, this.part, popularity);
    const order = Int32Array.from(listed.keys()).filter((book) => listed[book] === 1);
    order.sort((a, b) => popularity[b] - popularity[a] || a - b);
    this.popular = order;
    this.rankOf = new Int32Array(listed.length).fill(-1);
    order.forEach((book, rank) => (this.rankOf[book] = rank));
    this.byRank = rankedBooks(order, labels, this.part, popularity);
    const most = popularity.reduce((a, b) => Math.max(a, b), 0);
    const counts = Int32Array.from({ length: most + 1 }, (_, n) => n);
    this.factorOf = tieFactors(counts, basis.exponent);
    const parts = this.part.reduce((m, part) => Math.max(m, Math.round(1 / part)), 1);
    this.partOf = Float64Array.from({ length: parts + 1 }, (_, m) => 1 / m);
    this.logOf = Float64Array.from(counts, (n) => Math.log(n + 1));
    [this.labelStart, this.labelRank] = popularByLabel(this.byRank, labels.familyOf.length);
    this.ofKind = new Float64Array(this.byRank.kinds.length);
    this.sum = new Float64Array(order.length);
    this.seen = new Int32Array(order.length);
    this.met = new Float64Array(labels.familyOf.length);
    this.affinity = new Float64Array(labels.familyOf.length);
    this.voice = new Float64Array(labels.familyOf.length);
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
    for (const g of this.touched) this.met[g] = this.affinity[g] = this.voice[g] = 0;
    this.touched.length = 0;
    const history = rated.length + unrated.length + byLiked.length;
    this.leaveOut(rated);
    this.leaveOut(unrated);
    for (const books of [rated, unrated]) for (let n = 0; n < books.length; n++) this.tie(books[n]);
    this.tiedSize = this.size;
    for (let n = 0; n < byLiked.length; n++) this.meet(byLiked[n], this.authors);
    this.unmet = Math.log(AFFINITY_PRIOR / (history + AFFINITY_PRIOR));
    this.logHistory = Math.log(history + 1);
    const { labelStart, labelRank } = this;
    for (const g of this.touched) {
      this.affinity[g] = Math.log1p(this.met[g] / (AFFINITY_PRIOR * this.share[g]));
      for (let l = labelStart[g]; l < labelStart[g + 1]; l++) this.see(labelRank[l]);
    }
    const most = Math.min(this.popular.length, Math.max(LEAST_POPULAR, popular));
    for (let rank = 0; rank < most; rank++) this.see(rank);
    for (let n = 0; n < this.size; n++) this.candidate[n] = this.popular[this.ranks[n]];
  }

  /** Writes the signals of a listed book, `width` numbers from `at`; `rating` is its predicted distance to the mean. */
  write(book: number, rating: number, out: Float64Array, at: number): void {
    const { unmet, affinity } = this;
    const { families, familyOf } = this.labels;
    const { start, record } = this.byRank;
    const rank = this.rankOf[book];
    const popular = record[start[rank]];
    const sum = this.seen[rank] === this.query ? this.sum[rank] : 0;
    const first = at + 1;
    const rest = first + families.length;
    out[at] = sum === 0 ? this.logFloor : Math.log(this.floor + sum * this.factorOf[popular]);
    for (let f = first; f < rest; f++) out[f] = 0;
    for (let l = start[rank] + HEAD; l < start[rank + 1]; l += 2) {
      const g = record[l];
      out[first + familyOf[g]] += (affinity[g] + unmet) / record[l + 1];
    }
    out[rest] = this.logOf[popular];
    out[rest + 1] = this.logHistory;
    out[rest + 2] = rating;
  }

  /** Writes the weighted sum of the signals of each candidate as if its rating were the mean; the intercept comes last. */
  weigh(weight: Float64Array): void {
    const { ranks, voice, affinity, logit, sum, floor, logFloor, ofKind } = this;
    const { factorOf, logOf, partOf } = this;
    const { start, record, kinds } = this.byRank;
    const { familyOf } = this.labels;
    const ofTies = weight[0];
    const ofPopularity = weight[this.width - 3];
    const constant = weight[this.width - 2] * this.logHistory + weight[this.width];
    for (const g of this.touched) voice[g] = weight[1 + familyOf[g]] * affinity[g];
    // what a book has from the families of its labels, whichever these are
    for (let k = 0; k < kinds.length; k++) {
      ofKind[k] = constant;
      for (const f of kinds[k]) ofKind[k] += weight[1 + f] * this.unmet;
    }
    for (let n = 0; n < this.tiedSize; n++) {
      const factor = factorOf[record[start[ranks[n]]]];
      logit[n] = ofTies * Math.log(floor + sum[ranks[n]] * factor);
    }
    for (let n = 0; n < this.size; n++) {
      const from = start[ranks[n]];
      const to = start[ranks[n] + 1];
      let total = n < this.tiedSize ? logit[n] : ofTies * logFloor;
      total += ofKind[record[from + 1]] + ofPopularity * logOf[record[from]];
      for (let at = from + HEAD; at < to; at += 2) {
        total += voice[record[at]] * partOf[record[at + 1]];
      }
      logit[n] = total;
    }
  }

  /** Whether any tie leads to the candidate. */
  isTied(book: number): boolean {
    const rank = this.rankOf[book];
    return this.seen[rank] === this.query && this.sum[rank] > 0;
  }

  /** Keeps books that were met from becoming candidates. */
  private leaveOut(books: ArrayLike<number>): void {
    for (let n = 0; n < books.length; n++) {
      const rank = this.rankOf[books[n]];
      if (rank >= 0) this.seen[rank] = -this.query;
    }
  }

  private tie(book: number): void {
    const { sum, rankOf } = this;
    const { start, strength, book: tied } = this.ties;
    const factor = this.factorOf[this.popularity[book]];
    for (let t = start[book]; t < start[book + 1]; t++) {
      const rank = rankOf[tied[t]];
      if (rank >= 0 && this.see(rank)) sum[rank] += strength[t] * factor;
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

  /** Makes the book of a rank a candidate if it was not met; says whether it is one. */
  private see(rank: number): boolean {
    const seen = this.seen[rank];
    if (seen === this.query) return true;
    if (seen === -this.query) return false;
    this.seen[rank] = this.query;
    this.sum[rank] = 0;
    if (this.size === this.ranks.length) {
      this.ranks = grown(this.ranks, this.size + 1);
      this.candidate = grown(this.candidate, this.size + 1);
      this.logit = grown(this.logit, this.size + 1);
    }
    this.ranks[this.size++] = rank;
    return true;
  }
}

/**
 * What is read of every candidate, a record a rank and all of it in one place, since half of the time goes by waiting for the memory:
 * popularity, kind, and for each label its index and in how many parts its family is.
 */
interface RankedBooks {
  /** Records `record[start[rank] .. start[rank + 1])`. */
  readonly start: Int32Array;
  readonly record: Int32Array;
  /** By kind: the families that a book of the kind has labels of. */
  readonly kinds: ReadonlyArray<readonly number[]>;
}

/** Numbers of a record before its labels. */
const HEAD = 2;

function rankedBooks(
  order: Int32Array,
  { start: first, label, familyOf }: LabelSpace,
  part: Float64Array,
  popularity: Int32Array,
): RankedBooks {
  const start = new Int32Array(order.length + 1);
  order.forEach((book, rank) => {
    start[rank + 1] = start[rank] + HEAD + 2 * (first[book + 1] - first[book]);
  });
  const record = new Int32Array(start[order.length]);
  const kinds: number[][] = [];
  const known = new Map<string, number>();
  order.forEach((book, rank) => {
    let at = start[rank] + HEAD;
    const families = new Set<number>();
    for (let e = first[book]; e < first[book + 1]; e++) {
      record[at++] = label[e];
      record[at++] = Math.round(1 / part[e]);
      families.add(familyOf[label[e]]);
    }
    const name = [...families].join();
    const kind = known.get(name) ?? kinds.push([...families]) - 1;
    known.set(name, kind);
    record[start[rank]] = popularity[book];
    record[start[rank] + 1] = kind;
  });
  return { start, record, kinds };
}

/** 1 / m for each label of a family of which the book has m. */
function partsOf({ entities, start, label, familyOf, families }: LabelSpace): Float64Array {
  const part = new Float64Array(label.length);
  const count = new Int32Array(families.length);
  for (let n = 0; n < entities; n++) {
    count.fill(0);
    for (let e = start[n]; e < start[n + 1]; e++) count[familyOf[label[e]]]++;
    for (let e = start[n]; e < start[n + 1]; e++) part[e] = 1 / count[familyOf[label[e]]];
  }
  return part;
}

/** Share of each label in the books met, one reader added to every label. */
function labelShares(labels: LabelSpace, part: Float64Array, popularity: Int32Array): Float64Array {
  const share = new Float64Array(labels.familyOf.length).fill(1);
  let total = 1;
  for (let n = 0; n < labels.entities; n++) {
    total += popularity[n];
    for (let e = labels.start[n]; e < labels.start[n + 1]; e++) {
      share[labels.label[e]] += part[e] * popularity[n];
    }
  }
  return share.map((met) => met / total);
}

/** The most popular books of each label, as starts and ranks. */
function popularByLabel({ start, record }: RankedBooks, labels: number): [Int32Array, Int32Array] {
  const links = (record.length - HEAD * (start.length - 1)) / 2;
  const label = new Int32Array(links);
  const rankOf = new Int32Array(links);
  for (let rank = 0, n = 0; rank + 1 < start.length; rank++) {
    for (let at = start[rank] + HEAD; at < start[rank + 1]; at += 2, n++) {
      label[n] = record[at];
      rankOf[n] = rank;
    }
  }
  const first = countingStarts(label, labels);
  const sorted = countingOrder(label, first).map((link) => rankOf[link]);
  const kept = new Int32Array(first.length);
  for (let g = 0; g < labels; g++) {
    const count = Math.min(POPULAR_OF_LABEL, first[g + 1] - first[g]);
    sorted.copyWithin(kept[g], first[g], first[g] + count);
    kept[g + 1] = kept[g] + count;
  }
  return [kept, sorted.slice(0, kept[labels])];
}
