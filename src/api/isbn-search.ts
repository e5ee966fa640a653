/** Characters of an id that may be wrong. */
const MOST_WRONG = 2;
/** Shorter words may be anything. */
const SHORTEST_WRONG = 8;

/** Finds books by their id: as it is, by how it begins, or with typing errors. */
export class IsbnSearch {
  /** Ids in the order of their code units, and the rank of the book of each. */
  readonly #ids: readonly string[];
  readonly #ranks: Uint32Array;

  /** `ids` by rank: folded, in one word. */
  constructor(ids: readonly string[]) {
    this.#ranks = Uint32Array.from(ids.keys());
    const text = (rank: number): string => ids[rank] ?? '';
    this.#ranks.sort((a, b) => (text(a) < text(b) ? -1 : 1));
    this.#ids = Array.from(this.#ranks, text);
  }

  /** Ranks of the books whose id begins so, in no order. */
  beginningWith(start: string): Uint32Array {
    const from = this.#place(start);
    let to = from;
    while (this.#ids[to]?.startsWith(start) === true) to++;
    return this.#ranks.subarray(from, to);
  }

  /** Ranks of the books whose id this may have been meant to be, best first; of all words that are so long. */
  like(word: string): number[] {
    if (word.length < SHORTEST_WRONG) return [];
    const found: Array<{ rank: number; wrong: number }> = [];
    for (let n = 0; n < this.#ids.length; n++) {
      const wrong = errorsBetween(word, this.#ids[n] ?? '');
      if (wrong <= MOST_WRONG) found.push({ rank: this.#ranks[n] ?? 0, wrong });
    }
    found.sort((a, b) => a.wrong - b.wrong || a.rank - b.rank);
    return found.map(({ rank }) => rank);
  }

  /** Place of the first id that is not before the word. */
  #place(word: string): number {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ids[middle] ?? '') < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Wrong characters of words of one length, or 1 for a character too many or too few; more than `MOST_WRONG` for others. */
function errorsBetween(a: string, b: string): number {
  if (a.length === b.length) {
    let wrong = 0;
    for (let n = 0; n < a.length && wrong <= MOST_WRONG; n++) {
      if (a.charCodeAt(n) !== b.charCodeAt(n)) wrong++;
    }
    return wrong;
  }
  if (Math.abs(a.length - b.length) > 1) return MOST_WRONG + 1;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let same = 0;
  while (same < short.length && short.charCodeAt(same) === long.charCodeAt(same)) same++;
  return short.endsWith(long.slice(same + 1)) ? 1 : MOST_WRONG + 1;
}
