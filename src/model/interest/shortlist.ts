import { grown } from '../growable.ts';

/** Scores are told apart roughly, in so many steps between the least and the greatest, to find the best ones. */
const STEPS = 256;

/**
 * Books by falling score, equal ones by index, of which only as many are sorted as are taken: a heap with the best on
 * top. One object is a workspace that is filled again and again.
 */
export class Shortlist {
  private heap = new Int32Array(1024);
  private size = 0;
  /** Places that wait until the heap is used up, since all are worse than those in it. */
  private rest = new Int32Array(1024);
  private waiting = 0;
  private books = new Int32Array(0);
  private scores = new Float64Array(0);
  private readonly counts = new Int32Array(STEPS);

  /**
   * Starts anew with the first `size` books and scores, which must stay as they are while they are taken. More than `soon`
   * are unlikely to be taken: the worse ones are not sorted before.
   */
  fill(
    books: Int32Array<ArrayBuffer>,
    scores: Float64Array<ArrayBuffer>,
    size: number,
    soon = size,
  ): void {
    this.heap = grown(this.heap, size);
    this.rest = grown(this.rest, size);
    this.books = books;
    this.scores = scores;
    this.size = size;
    this.waiting = 0;
    if (soon < size) this.divide(soon);
    else for (let n = 0; n < size; n++) this.heap[n] = n;
    this.heapify();
  }

  /** Takes the best book that is left: its place in the columns given, or -1 where none is left. */
  take(): number {
    if (this.size === 0) {
      if (this.waiting === 0) return -1;
      [this.heap, this.rest] = [this.rest, this.heap];
      [this.size, this.waiting] = [this.waiting, 0];
      this.heapify();
    }
    const best = this.heap[0];
    this.size--;
    this.sink(0, this.heap[this.size]);
    return best;
  }

  /** Leaves the `soon` best places in the heap, and some more of about the same score; the others wait. */
  private divide(soon: number): void {
    const { scores, counts, heap, rest, size } = this;
    let least = Infinity;
    let most = -Infinity;
    for (let n = 0; n < size; n++) {
      const score = scores[n];
      if (score < least) least = score;
      if (score > most) most = score;
    }
    // a step that is rounded never puts a worse book before a better one
    const scale = most > least ? (STEPS - 1) / (most - least) : 0;
    counts.fill(0);
    for (let n = 0; n < size; n++) counts[((most - scores[n]) * scale) | 0]++;
    let last = 0;
    for (let enough = counts[0]; enough < soon; enough += counts[++last]);
    let kept = 0;
    let waiting = 0;
    for (let n = 0; n < size; n++) {
      if ((((most - scores[n]) * scale) | 0) <= last) heap[kept++] = n;
      else rest[waiting++] = n;
    }
    this.size = kept;
    this.waiting = waiting;
  }

  private heapify(): void {
    for (let at = (this.size >> 1) - 1; at >= 0; at--) this.sink(at, this.heap[at]);
  }

  /** Puts a place into the heap at `from` or, while a better one is below it, further down. */
  private sink(from: number, place: number): void {
    const { heap, books, scores, size } = this;
    const score = scores[place];
    let at = from;
    for (let down = 2 * at + 1; down < size; down = 2 * at + 1) {
      let best = heap[down];
      if (down + 1 < size) {
        const next = heap[down + 1];
        const ahead = scores[next] - scores[best];
        if (ahead > 0 || (ahead === 0 && books[next] < books[best])) {
          best = next;
          down++;
        }
      }
      if (scores[best] < score || (scores[best] === score && books[best] > books[place])) break;
      heap[at] = best;
      at = down;
    }
    heap[at] = place;
  }
}
