/** The `count` best of offered books, equal ones by index: a heap with the worst of them on top. */
export class Shortlist {
  private readonly book: Int32Array;
  private readonly score: Float64Array;
  private size = 0;

  constructor(count: number) {
    this.book = new Int32Array(count);
    this.score = new Float64Array(count);
  }

  /** The books with their scores, best first. */
  entries(): Array<{ book: number; logit: number }> {
    const { book, score } = this;
    const entries = Array.from({ length: this.size }, (_, n) => ({
      book: book[n],
      logit: score[n],
    }));
    return entries.sort((a, b) => b.logit - a.logit || a.book - b.book);
  }

  offer(book: number, score: number): void {
    if (this.size < this.book.length) this.rise(this.size++, book, score);
    else if (this.size > 0 && isBetter(score, book, this.score[0], this.book[0])) {
      this.sink(book, score);
    }
  }

  /** Puts a book into the free place at the end and lets better ones above it come down. */
  private rise(end: number, book: number, score: number): void {
    let at = end;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBetter(this.score[up], this.book[up], score, book)) break;
      this.move(up, at);
      at = up;
    }
    this.book[at] = book;
    this.score[at] = score;
  }

  /** Puts a book in place of the worst and lets worse ones below it go up. */
  private sink(book: number, score: number): void {
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= this.size) break;
      if (
        down + 1 < this.size &&
        isBetter(this.score[down], this.book[down], this.score[down + 1], this.book[down + 1])
      ) {
        down++;
      }
      if (!isBetter(score, book, this.score[down], this.book[down])) break;
      this.move(down, at);
      at = down;
    }
    this.book[at] = book;
    this.score[at] = score;
  }

  private move(from: number, to: number): void {
    this.book[to] = this.book[from];
    this.score[to] = this.score[from];
  }
}

function isBetter(score: number, book: number, otherScore: number, otherBook: number): boolean {
  return score > otherScore || (score === otherScore && book < otherBook);
}
