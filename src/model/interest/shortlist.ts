/**
 * Books by falling score, equal ones by index, of which only as many are sorted as are taken: a heap with the best on
 * top. One object is a workspace that is filled again and again.
 */
export class Shortlist {
  private heap = new Int32Array(1024);
  private size = 0;
  private books = new Int32Array(0);
  private scores = new Float64Array(0);

  /** Starts anew with the first `size` books and scores, which must stay as they are while they are taken. */
  fill(books: Int32Array<ArrayBuffer>, scores: Float64Array<ArrayBuffer>, size: number): void {
    if (size > this.heap.length) this.heap = new Int32Array(2 * size);
    this.size = size;
    this.books = books;
    this.scores = scores;
    for (let n = 0; n < size; n++) this.heap[n] = n;
    for (let at = (size >> 1) - 1; at >= 0; at--) this.sink(at, this.heap[at]);
  }

  /** Takes the best book that is left: its place in the columns given, or -1 where none is left. */
  take(): number {
    if (this.size === 0) return -1;
    const best = this.heap[0];
    this.size--;
    this.sink(0, this.heap[this.size]);
    return best;
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
