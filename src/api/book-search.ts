import { setImmediate as nextTurn } from 'node:timers/promises';
import MiniSearch from 'minisearch';
import { foldText } from '../model/fold-text.ts';
import type { Catalogue } from '../store/catalogue-codec.ts';

/** Books added to the index before other requests have their turn, of which each takes several; about 1 ms. */
const CHUNK = 40;
/** Words of a question that count. */
const MAX_WORDS = 12;
/** Longer words are no words of a title; their typing errors are not looked for. */
const MAX_FUZZY_LENGTH = 24;
/** A word in more than this share of the books tells little, and is slow to look up. */
const FREQUENT_SHARE = 0.04;
/** A single word up to this length is answered from a table: it may be the beginning of too many. */
const SHORT = 4;
/** Shorter ends of a question with several words are taken as whole words. */
const SHORTEST_BEGINNING = 3;
/** Most books that a question finds. */
export const MAX_HITS = 50;
/** How much the logarithm of its number of ratings raises the score of a book. */
const POPULARITY_WEIGHT = 0.3;

/** What is indexed of one book. */
interface Entry {
  readonly id: number;
  readonly title: string;
  readonly author: string;
  readonly isbn: string;
}

/** Finds listed books by words of title and author and by ISBN, with typing errors, and as one types. */
export class BookSearch {
  readonly #ratings: Uint32Array | null;
  readonly #index = new MiniSearch<Entry>({
    fields: ['title', 'author', 'isbn'],
    tokenize: wordsOf,
    processTerm: (word) => word,
    autoVacuum: false,
  });
  /** Books with each word of title or author. */
  readonly #booksWith = new Map<string, number>();
  /** By the beginning of a word, the books of most ratings. */
  readonly #short = new Map<string, number[]>();
  #books = 0;

  private constructor(ratings: Uint32Array | null) {
    this.#ratings = ratings;
  }

  /**
   * Indexes the listed books, a few at a time, so that the event loop stays free. `ratings` is the number of ratings by
   * book; where it is known, better known books come first among those that fit alike.
   */
  static async build(catalogue: Catalogue, ratings: Uint32Array | null): Promise<BookSearch> {
    const search = new BookSearch(ratings);
    const known = (book: number): number => ratings?.[book] ?? 0;
    const order = Uint32Array.from(catalogue.ids.keys()).filter((m) => catalogue.listed[m] === 1);
    order.sort((a, b) => known(b) - known(a) || a - b);
    for (let from = 0; from < order.length; from += CHUNK) {
      for (const book of order.subarray(from, from + CHUNK)) search.#add(catalogue, book);
      await nextTurn();
    }
    return search;
  }

  #add({ ids, title, author }: Catalogue, book: number): void {
    const entry = {
      id: book,
      title: title[book] ?? '',
      author: author[book] ?? '',
      isbn: ids[book] ?? '',
    };
    this.#index.add(entry);
    this.#books++;
    const words = new Set(wordsOf(`${entry.title} ${entry.author}`));
    for (const word of words) this.#booksWith.set(word, (this.#booksWith.get(word) ?? 0) + 1);
    for (const start of beginnings([...words, ...wordsOf(entry.isbn)])) {
      const books = this.#short.get(start);
      if (books === undefined) this.#short.set(start, [book]);
      else if (books.length < MAX_HITS) books.push(book);
    }
  }

  /** Catalogue indices of the best books for a question, best first; none for a question without a word. */
  find(question: string, limit: number): number[] {
    const typed = [...new Set(wordsOf(question))].slice(0, MAX_WORDS);
    const last = typed.at(-1);
    if (last === undefined) return [];
    const rare = typed.filter((word) => this.#tells(word));
    const alone = typed.length === 1 && last.length <= SHORT;
    const found = rare.length === 0 ? [] : this.#search(rare, rare.at(-1) === last && !alone);
    if (alone || rare.length === 0) found.push(...(this.#short.get(last.slice(0, SHORT)) ?? []));
    return [...new Set(found)].slice(0, limit);
  }

  /** Whether a word is worth looking up: not a single letter, and not in a large share of the books. */
  #tells(word: string): boolean {
    const most = Math.max(MAX_HITS, FREQUENT_SHARE * this.#books);
    return word.length > 1 && (this.#booksWith.get(word) ?? 0) <= most;
  }

  /**
   * Books with all words; where there is none, known words may have typing errors too; then those with any word.
   * `open` says that the last word may be the beginning of one.
   */
  #search(words: readonly string[], open: boolean): number[] {
    const strict = this.#with(words, open, 'AND', (word) => !this.#booksWith.has(word));
    if (strict.length > 0) return strict;
    const loose = this.#with(words, open, 'AND', () => true);
    if (loose.length > 0 || words.length === 1) return loose;
    return this.#with(words, open, 'OR', (word) => !this.#booksWith.has(word));
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

/** The first characters of each word, once each. */
function beginnings(words: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const word of words) {
    for (let length = 1; length <= Math.min(SHORT, word.length); length++) {
      found.add(word.slice(0, length));
    }
  }
  return found;
}

/** Folded words; the hyphens of an ISBN do not part a word. */
function wordsOf(text: string): string[] {
  const folded = foldText(text.replace(/(?<=\d)-(?=[\dx])/gi, ''));
  return folded === '' ? [] : folded.split(' ');
}
