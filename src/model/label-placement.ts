import { grown } from './growable.ts';
import type { LabelSpace } from './label-space.ts';

/** Place of a label that the reader has not met, or has met once only. */
const NOT_CORE = -1;

/**
 * Sorts the labels that one reader has met into three groups (docs/model.md 3.12):
 * singles (met once), arms (met more than once, of the arm family) and core (met more than once, other families).
 * One object is a workspace that is used for one reader after another.
 */
export class LabelPlacement {
  /** Family whose repeated labels are arms: the one with most labels among those with one label a book; -1 if none. */
  readonly armFamily: number;
  /** Labels met, in order of first meeting. */
  readonly touched: number[] = [];
  /** Times that each label was met; length G. */
  readonly times: Int32Array;
  /** By label: index in the core (>= D), or ~index of the arm, or NOT_CORE. Valid where times > 1. */
  readonly place: Int32Array;
  /** Ratings of the reader. */
  count = 0;
  /** Core size E, and number of arms. */
  coreSize = 0;
  arms = 0;
  /** Core labels of rating k: `coreIndex[coreStart[k] .. coreStart[k + 1])` with weights. */
  coreStart = new Int32Array(65);
  coreIndex = new Int32Array(256);
  coreWeight = new Float64Array(256);
  /** By rating: the rated book. */
  book = new Int32Array(64);
  /** By label met once: the rating that it was met in, and its weight there. */
  readonly singleRating: Int32Array;
  readonly singleWeight: Float64Array;
  /** By rating: its arm or -1, the weight of the arm's label, and prior variance of the sum of its singles. */
  arm = new Int32Array(64);
  armWeight = new Float64Array(64);
  singleVar = new Float64Array(64);

  private readonly labels: LabelSpace;

  constructor(labels: LabelSpace) {
    this.labels = labels;
    this.armFamily = widestSingleFamily(labels);
    this.times = new Int32Array(labels.familyOf.length);
    this.place = new Int32Array(labels.familyOf.length).fill(NOT_CORE);
    this.singleRating = new Int32Array(labels.familyOf.length);
    this.singleWeight = new Float64Array(labels.familyOf.length);
  }

  /** Places the labels of the books `book[from .. to)`; core indices start at `dim`. */
  assign(book: Int32Array, from: number, to: number, dim: number, effectVar: Float64Array): void {
    const { labels, times, touched } = this;
    for (const g of touched) times[g] = 0;
    touched.length = 0;
    let links = 0;
    for (let k = from; k < to; k++) {
      const end = labels.start[book[k] + 1];
      links += end - labels.start[book[k]];
      for (let e = labels.start[book[k]]; e < end; e++) {
        const g = labels.label[e];
        if (times[g]++ === 0) touched.push(g);
      }
    }
    this.count = to - from;
    this.coreSize = dim;
    this.arms = 0;
    for (const g of touched) {
      if (times[g] < 2) this.place[g] = NOT_CORE;
      else this.place[g] = labels.familyOf[g] === this.armFamily ? ~this.arms++ : this.coreSize++;
    }
    this.reserve(to - from, links);
    for (let k = from; k < to; k++) this.placeRating(k - from, book[k], effectVar);
  }

  /** Makes room for so many ratings whose books have so many labels together. */
  private reserve(count: number, links: number): void {
    this.coreStart = grown(this.coreStart, count + 1);
    this.book = grown(this.book, count);
    this.arm = grown(this.arm, count);
    this.armWeight = grown(this.armWeight, count);
    this.singleVar = grown(this.singleVar, count);
    this.coreIndex = grown(this.coreIndex, links);
    this.coreWeight = grown(this.coreWeight, links);
  }

  private placeRating(k: number, book: number, effectVar: Float64Array): void {
    const { labels, times, place } = this;
    let at = this.coreStart[k];
    this.book[k] = book;
    this.arm[k] = -1;
    let singles = 0;
    const end = labels.start[book + 1];
    for (let e = labels.start[book]; e < end; e++) {
      const g = labels.label[e];
      const weight = labels.weight[e];
      if (times[g] < 2) {
        singles += effectVar[labels.familyOf[g]] * weight * weight;
        this.singleRating[g] = k;
        this.singleWeight[g] = weight;
      } else if (place[g] < 0) {
        this.arm[k] = ~place[g];
        this.armWeight[k] = weight;
      } else {
        this.coreIndex[at] = place[g];
        this.coreWeight[at++] = weight;
      }
    }
    this.singleVar[k] = singles;
    this.coreStart[k + 1] = at;
  }
}

function widestSingleFamily(labels: LabelSpace): number {
  let widest = -1;
  let most = 0;
  for (let f = 0; f < labels.families.length; f++) {
    const count = labels.familyStart[f + 1] - labels.familyStart[f];
    if (labels.single[f] === 1 && count > most) [widest, most] = [f, count];
  }
  return widest;
}
