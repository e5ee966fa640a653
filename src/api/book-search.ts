import MiniSearch from 'minisearch';
import { foldText } from '../model/fold-text.ts';
import type { Catalogue } from '../store/catalogue-codec.ts';
import { IsbnSearch } from './isbn-search.ts';

/** Books added to the index before other requests have their turn, of which each takes several; about 1 ms. */
const CHUNK = 40;
/** Words of a question that count. */
const MAX_WORDS = 12;
/** Longer words are no words of a title; their typing errors are not looked for. */
const MAX_FUZZY_LENGTH = 24;
/** A word in more than this share of the books tells little, and is slow to look up. */
const FREQUENT_SHARE = 0.04;
/** A single word up to this length is not looked up in the index: it may be the beginning of too many. */
const SHORT = 4;
/** Answers to beginnings up to this length are kept: there are few, and each is put together from many words. */
const KEPT_LENGTH = 2;
/** Shorter ends of a question with several words are taken as whole words. */
const SHORTEST_BEGINNING = 3;
/** From these lengths on a word with digits is looked for among the ISBNs, before all words: alone, and beside others. */
const BEGUN_ISBN = 5;
const WHOLE_ISBN = 8;
/** Most books that a question finds. */
export const MAX_HITS = 50;
/** What it counts, in logarithms of ratings, that a book has a short word as it was typed and not only the beginning of one. */
const WHOLE_WORD = 1.5;
/** How much the logarithm of its number of ratings raises the score of a book. */
const POPULARITY_WEIGHT = 0.3;

/** What is indexed of one book. */
interface Entry {
  readonly id: number;
  readonly title: string;
  readonly author: string;
}

/** Which books have a word. */
interface Word {
  books: number;
  /** Rank of the book that was met last. */
  last: number;
  /** The first of them, in order, `MAX_HITS` at most. */
  ranks: number[];
  /** Those of which it is the whole title; null for none. */
  titles: number[] | null;
}

/** Finds listed books by words of title and author and by ISBN, with typing errors, and as one types. */
export class BookSearch {
  readonly #ratings: Uint32Array | null;
  /** Listed books, those of most ratings first; a place in it is a rank. */
  readonly #order: Uint32Array;
  readonly #index = new MiniSearch<Entry>({
    fields: ['title', 'author'],
    // What is indexed and what is looked for is folded by then.
    tokenize: splitWords,
    processTerm: (word) => word,
    autoVacuum: false,
  });
  /** Not in the index, where each takes as much room as a word of many books. */
  readonly #isbns: IsbnSearch;
  /** Words of titles and authors. */
  readonly #words = new Map<string, Word>();
  /** The same words by their first character. */
  readonly #byFirst = new Map<string, string[]>();
  readonly #short = new Map<string, readonly number[]>();

  private constructor(order: Uint32Array, ratings: Uint32Array | null, isbns: IsbnSearch) {
    this.#order = order;
    this.#ratings = ratings;
    this.#isbns = isbns;
  }

  /**
   * Indexes the listed books, a few at a time, and waits for `rest` in between. `ratings` is the number of ratings by
   * book; where it is known, better known books come first among those that fit alike.
   */
  static async build(
    catalogue: Catalogue,
    ratings: Uint32Array | null,
    rest: () => Promise<void>,
  ): Promise<BookSearch> {
    const known = (book: number): number => ratings?.[book] ?? 0;
    const order = Uint32Array.from(catalogue.ids.keys()).filter((m) => catalogue.listed[m] === 1);
    order.sort((a, b) => known(b) - known(a) || a - b);
    const isbns = new IsbnSearch(Array.from(order, (book) => folded(catalogue.ids[book] ?? '')));
    const search = new BookSearch(order, ratings, isbns);
    for (let from = 0; from < order.length; from += CHUNK) {
      const end = Math.min(from + CHUNK, order.length);
      for (let rank = from; rank < end; rank++) search.#add(catalogue, rank);
      await rest();
    }
    // Exactly as long as they are: arrays that have grown have room for many more.
    for (const word of search.#words.values()) word.ranks = word.ranks.slice();
    return search;
  }

  #add({ title, author }: Catalogue, rank: number): void {
    const book = this.#order[rank] ?? 0;
    const entry = {
      id: book,
      title: folded(title[book] ?? ''),
      author: folded(author[book] ?? ''),
    };
    this.#index.add(entry);
    for (const field of [entry.title, entry.author]) {
      for (const word of splitWords(field)) this.#meet(word, rank);
    }
    const whole = this.#words.get(entry.title);
    if (whole !== undefined) (whole.titles ??= []).push(rank);
  }

  #meet(word: string, rank: number): void {
    let known = this.#words.get(word);
    if (known === undefined) {
      known = { books: 0, last: -1, ranks: [], titles: null };
      this.#words.set(word, known);
      const first = word.charAt(0);
      const others = this.#byFirst.get(first);
      if (others === undefined) this.#byFirst.set(first, [word]);
      else others.push(word);
    }
    if (known.last === rank) return;
    known.last = rank;
    known.books++;
    if (known.ranks.length < MAX_HITS) known.ranks.push(rank);
  }

  /** Books of this title, then those of most ratings with a word that begins so, and before them with the very word. */
  #byShort(word: string): number[] {
    const { titles, ranks } = this.#words.get(word) ?? { titles: null, ranks: [] };
    const whole = new Set(ranks);
    const worth = (rank: number): number =>
      Math.log1p(this.#ratings?.[this.#order[rank] ?? 0] ?? 0) + (whole.has(rank) ? WHOLE_WORD : 0);
    const others = [...new Set([...ranks, ...this.#beginningWith(word)])];
    others.sort((a, b) => worth(b) - worth(a) || a - b);
    return [...(titles ?? []), ...others].map((rank) => this.#order[rank] ?? 0);
  }

  /** Ranks of the books of most ratings among those with a word or an ISBN that begins so. */
  #beginningWith(start: string): readonly number[] {
    const kept = this.#short.get(start);
    if (kept !== undefined) return kept;
    const has = new Uint8Array(this.#order.length);
    for (const word of this.#byFirst.get(start.charAt(0)) ?? []) {
      if (!word.startsWith(start)) continue;
      for (const rank of this.#words.get(word)?.ranks ?? []) has[rank] = 1;
    }
    for (const rank of this.#isbns.beginningWith(start)) has[rank] = 1;
    const best: number[] = [];
    for (let rank = has.indexOf(1); rank >= 0 && best.length < MAX_HITS;) {
      best.push(rank);
      rank = has.indexOf(1, rank + 1);
    }
    if (start.length <= KEPT_LENGTH) this.#short.set(start, best);
    return best;
  }

  /** Catalogue indices of the best books for a question, best first; none for a question without a word. */
  find(question: string, limit: number): number[] {
    const typed = [...new Set(splitWords(folded(question)))].slice(0, MAX_WORDS);
    const last = typed.at(-1);
    if (last === undefined) return [];
    const least = typed.length === 1 ? BEGUN_ISBN : WHOLE_ISBN;
    const found = typed.flatMap((word) => (word.length < least ? [] : this.#byIsbn(word)));
    if (found.length === 0) found.push(...this.#byWords(typed, last));
    return [...new Set(found)].slice(0, limit);
  }

  #byWords(typed: readonly string[], last: string): number[] {
    const isShort = typed.length === 1 && last.length <= SHORT;
    const rare = typed.filter((word) => this.#tells(word));
    const found = isShort || rare.length === 0 ? this.#byShort(last.slice(0, SHORT)) : [];
    if (rare.length === 0 || found.length > 0) return found;
    return this.#search(rare, !isShort && rare.at(-1) === last);
  }

  /** Books whose ISBN begins so, those of most ratings first, or else those whose ISBN may be meant; none for other words. */
  #byIsbn(word: string): number[] {
    if (!/\d/.test(word) || this.#words.has(word)) return [];
    const begun = this.#isbns.beginningWith(word).toSorted();
    const ranks = begun.length > 0 ? [...begun.subarray(0, MAX_HITS)] : this.#isbns.like(word);
    return ranks.map((rank) => this.#order[rank] ?? 0);
  }

  /** Whether a word is worth looking up: not a single letter, and not in a large share of the books. */
  #tells(word: string): boolean {
    const most = Math.max(MAX_HITS, FREQUENT_SHARE * this.#order.length);
    return word.length > 1 && (this.#words.get(word)?.books ?? 0) <= most;
  }

  /**
   * Books with all words; where there is none, known words may have typing errors too; then those with any word.
   * `open` says that the last word may be the beginning of one.
   */
  #search(words: readonly string[], open: boolean): number[] {
    const strict = this.#with(words, open, 'AND', (word) => !this.#words.has(word));
    if (strict.length > 0) return strict;
    const loose = this.#with(words, open, 'AND', () => true);
    if (loose.length > 0 || words.length === 1) return loose;
    return this.#with(words, open, 'OR', (word) => !this.#words.has(word));
  }

  #with(
    words: readonly string[],
    open: boolean,
    combineWith: 'AND' | 'OR',
    mayBeWrong: (word: string) => boolean,
  ): number[] {
    const ratings = this.#ratings;
    const hits = this.#index.search(words.join(' '), {
      combineWith,
      boost: { title: 2, author: 1.5 },
      prefix: (word, place) =>
        open && place === words.length - 1 && word.length >= SHORTEST_BEGINNING,
      fuzzy: (word) => mayBeWrong(word) && typingErrors(word),
      weights: { fuzzy: 0.3, prefix: 0.6 },
      ...(ratings === null
        ? {}
        : {
            boostDocument: (id: unknown) =>
              1 + POPULARITY_WEIGHT * Math.log1p(ratings[Number(id)] ?? 0),
          }),
    });
    return hits.slice(0, MAX_HITS).map(({ id }) => Number(id));
  }
}

/** Typing errors that a word may have; false for none. */
function typingErrors(word: string): number | false {
  if (word.length < 4 || word.length > MAX_FUZZY_LENGTH) return false;
  return word.length < 7 ? 1 : 2;
}

/** Folded text; the hyphens of an ISBN do not part a word. */
function folded(text: string): string {
  return foldText(text.replace(/(?<=\d)-(?=[\dx])/gi, ''));
}

/** Words of a folded text. */
function splitWords(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
