import { effectPosterior, leaningMean } from './content-effects.ts';
import type { LabelSpace } from './label-space.ts';
import type { FoldIn } from './fold-in.ts';
import type { ReaderInput } from './recommender.ts';
import type { RatingModel } from './trained-model.ts';

/** A family with at most this many labels is bounded as a whole; one with more is looked up label by label. */
const FEW_LABELS = 64;
/** Longest d, which is 1 in 32 bits. */
const UNIT = 1 + 2 ** -20;

/**
 * Exact search for a reader's best books by latent mean. Books are scanned by falling c_j and the scan stops when
 * c_j + |p| max |q| + |l| + the best effect of the small families cannot reach the list any more, since |d| is at most 1. Books with a label of a
 * large family that the reader likes follow, label by label, in the same order and with the best effects of all families.
 */
export class ListRanking {
  private readonly model: RatingModel;
  /** Positions in `order` of the books with label g: `position[labelStart[g] .. labelStart[g + 1])`, ascending. */
  private readonly labelStart: Int32Array;
  private readonly position: Int32Array;
  /** Listed books by falling c_j. */
  private readonly order: Int32Array;
  /** Largest |q_j| from each position on. */
  private readonly normFrom: Float64Array;
  private readonly fewLabels: boolean[];
  /** By family: largest sum of the weights of one book's labels. */
  private readonly mostWeight: Float64Array;
  /** By label: the reader's effect, 0 if not met. */
  private readonly effect: Float64Array;
  /** By book: number of the query that last saw it. */
  private readonly seen: Int32Array;
  private query = 0;
  private top = new Int32Array(0);
  private score = new Float64Array(0);
  /** l_u, S. */
  private leaning: Float64Array;
  private size = 0;

  constructor(model: RatingModel) {
    const { books, dim } = model;
    this.model = model;
    const listed = Int32Array.from(model.listed.keys()).filter((book) => model.listed[book] === 1);
    this.order = listed.sort((a, b) => books.mean[b * dim] - books.mean[a * dim] || a - b);
    this.normFrom = new Float64Array(this.order.length);
    for (let n = this.order.length - 1, most = 0; n >= 0; n--) {
      let norm = 0;
      for (let a = 1; a < dim; a++) norm += books.mean[this.order[n] * dim + a] ** 2;
      most = Math.max(most, Math.sqrt(norm));
      this.normFrom[n] = most;
    }
    [this.labelStart, this.position] = positionsByLabel(books.labels, this.order);
    const { familyStart } = books.labels;
    this.fewLabels = books.labels.families.map(
      (_, f) => familyStart[f + 1] - familyStart[f] <= FEW_LABELS,
    );
    this.mostWeight = mostWeights(books.labels);
    this.leaning = new Float64Array(books.directions.count);
    this.effect = new Float64Array(books.labels.familyOf.length);
    this.seen = new Int32Array(model.listed.length);
  }

  /**
   * Listed books that the reader of `fold` has not met, best first, at most `count`; ties by index. With `allowed` only those
   * where it is 1.
   */
  best(
    fold: FoldIn,
    { ratedBook, unratedBook }: Pick<ReaderInput, 'ratedBook' | 'unratedBook'>,
    count: number,
    allowed: Uint8Array | null = null,
  ): Int32Array {
    const { step } = fold;
    const { familyOf } = this.model.books.labels;
    this.start(count);
    for (const met of [ratedBook, unratedBook])
      for (const book of met) this.seen[book] = this.query;
    this.passOver(allowed);
    const bestOf = new Float64Array(this.fewLabels.length);
    for (const g of step.placement.touched) {
      this.effect[g] = effectPosterior(step, g).mean;
      bestOf[familyOf[g]] = Math.max(bestOf[familyOf[g]], this.effect[g]);
    }
    let norm = 0;
    for (let a = 1; a < step.dim; a++) norm += step.mean[a] ** 2;
    norm = Math.sqrt(norm);
    this.leaning = leaningMean(step);
    let slack = UNIT * Math.hypot(...this.leaning);
    let fewSlack = slack;
    for (let f = 0; f < bestOf.length; f++) {
      slack += bestOf[f] * this.mostWeight[f];
      if (this.fewLabels[f]) fewSlack += bestOf[f] * this.mostWeight[f];
    }
    this.scan(step.mean, norm, fewSlack);
    for (const g of step.placement.touched) {
      if (!this.fewLabels[familyOf[g]] && this.effect[g] > 0)
        this.scanLabel(g, step.mean, norm, slack);
    }
    for (const g of step.placement.touched) this.effect[g] = 0;
    return this.top.slice(0, this.size);
  }

  private passOver(allowed: Uint8Array | null): void {
    if (allowed === null) return;
    for (const book of this.order) if (allowed[book] !== 1) this.seen[book] = this.query;
  }

  private start(count: number): void {
    this.query++;
    this.size = 0;
    if (this.top.length === count) return;
    this.top = new Int32Array(count);
    this.score = new Float64Array(count);
  }

  private scan(z: Float64Array, norm: number, slack: number): void {
    for (let n = 0; n < this.order.length && this.reaches(n, norm, slack); n++) {
      this.offer(this.order[n], z);
    }
  }

  private scanLabel(g: number, z: Float64Array, norm: number, slack: number): void {
    for (let l = this.labelStart[g]; l < this.labelStart[g + 1]; l++) {
      const n = this.position[l];
      if (!this.reaches(n, norm, slack)) return;
      this.offer(this.order[n], z);
    }
  }

  /** Whether a book at position n or later can belong to the list, its effects being `slack` at most. */
  private reaches(n: number, norm: number, slack: number): boolean {
    if (this.size < this.top.length) return true;
    const { books, dim } = this.model;
    const bound = books.mean[this.order[n] * dim] + norm * this.normFrom[n] + slack;
    return bound >= this.score[this.size - 1];
  }

  /** Scores the book and puts it into the list if it belongs there. */
  private offer(book: number, z: Float64Array): void {
    if (this.seen[book] === this.query) return;
    this.seen[book] = this.query;
    const { books, dim } = this.model;
    const { labels } = books;
    let score = books.mean[book * dim];
    for (let a = 1; a < dim; a++) score += z[a] * books.mean[book * dim + a];
    const { count, place } = books.directions;
    for (let a = 0; a < count; a++) score += this.leaning[a] * place[book * count + a];
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      score += labels.weight[e] * this.effect[labels.label[e]];
    }
    this.insert(book, score);
  }

  private insert(book: number, score: number): void {
    const { top, score: scores } = this;
    const full = this.size === top.length;
    if (full && !before(score, book, scores[this.size - 1], top[this.size - 1])) return;
    let at = full ? this.size - 1 : this.size++;
    while (at > 0 && before(score, book, scores[at - 1], top[at - 1])) {
      scores[at] = scores[at - 1];
      top[at] = top[at - 1];
      at--;
    }
    scores[at] = score;
    top[at] = book;
  }
}

function mostWeights({
  families,
  familyOf,
  start,
  label,
  weight,
  entities,
}: LabelSpace): Float64Array {
  const most = new Float64Array(families.length);
  const sum = new Float64Array(families.length);
  for (let n = 0; n < entities; n++) {
    sum.fill(0);
    for (let e = start[n]; e < start[n + 1]; e++) sum[familyOf[label[e]]] += weight[e];
    for (let f = 0; f < sum.length; f++) most[f] = Math.max(most[f], sum[f]);
  }
  return most;
}

function before(score: number, book: number, otherScore: number, otherBook: number): boolean {
  return score > otherScore || (score === otherScore && book < otherBook);
}

/** Positions in `order` of the books with each label, as starts and ascending positions. */
function positionsByLabel(labels: LabelSpace, order: Int32Array): [Int32Array, Int32Array] {
  const start = new Int32Array(labels.familyOf.length + 1);
  for (const book of order) {
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) start[labels.label[e] + 1]++;
  }
  for (let g = 0; g < labels.familyOf.length; g++) start[g + 1] += start[g];
  const next = start.slice();
  const position = new Int32Array(start[labels.familyOf.length]);
  for (let n = 0; n < order.length; n++) {
    for (let e = labels.start[order[n]]; e < labels.start[order[n] + 1]; e++) {
      position[next[labels.label[e]]++] = n;
    }
  }
  return [start, position];
}
