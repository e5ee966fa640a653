/** The `count` best of offered books, best first, equal ones by index. */
export class Shortlist {
  readonly book: Int32Array;
  readonly score: Float64Array;
  size = 0;

  constructor(count: number) {
    this.book = new Int32Array(count);
    this.score = new Float64Array(count);
  }

  entries(): Array<{ book: number; logit: number }> {
    return Array.from({ length: this.size }, (_, n) => ({
      book: this.book[n],
      logit: this.score[n],
    }));
  }

  offer(book: number, score: number): void {
    const { book: books, score: scores } = this;
    const full = this.size === books.length;
    if (
      full &&
      (this.size === 0 || !before(score, book, scores[this.size - 1], books[this.size - 1]))
    )
      return;
    let at = full ? this.size - 1 : this.size++;
    while (at > 0 && before(score, book, scores[at - 1], books[at - 1])) {
      scores[at] = scores[at - 1];
      books[at] = books[at - 1];
      at--;
    }
    scores[at] = score;
    books[at] = book;
  }
}

function before(score: number, book: number, otherScore: number, otherBook: number): boolean {
  return score > otherScore || (score === otherScore && book < otherBook);
}
