import type { BookSort } from '../contracts/http-books.ts';
import { NOTHING_KNOWN, type Recommender } from '../model/recommender.ts';
import type { BookCounts } from '../store/book-counts-codec.ts';
import type { Catalogue } from '../store/catalogue-codec.ts';
import { foldText } from '../model/fold-text.ts';
import { BookSearch } from './book-search.ts';

/** Books whose figures are computed before other requests have their turn; about 1 ms. */
const CHUNK = 250;
/** Standard normal quantile of the ends of a 95 % interval. */
const Z = 1.959963984540054;
/** Popular are the books that together hold this share of all ratings. */
const POPULAR_SHARE = 0.5;

/** What a shelf is built from. */
interface ShelfSource {
  readonly catalogue: Catalogue;
  readonly recommender: Recommender;
  /** Null for versions that were made without them. */
  readonly counts: BookCounts | null;
}

/** Expected rating by a reader of whom nothing is known, with the interval that the book's own posterior leaves. */
export interface ExpectedRating {
  readonly mean: number;
  /** 95 % interval; lies within the scale. */
  readonly interval: readonly [low: number, high: number];
}

/** Figures of all books of a version, their orders and the search among them. */
export class Shelf {
  /** Ratings by book, length M; null where they are not known. */
  readonly ratings: Uint32Array | null;
  readonly search: BookSearch;
  readonly #source: ShelfSource;
  /** By book: mean, low and high of `ExpectedRating`. */
  readonly #expected: Float32Array;
  readonly #orders = new Map<BookSort, Uint32Array | null>();
  /** Listed books by the folded name of their author. */
  readonly #byAuthor: ReadonlyMap<string, readonly number[]>;

  private constructor(
    source: ShelfSource,
    ratings: Uint32Array | null,
    expected: Float32Array,
    search: BookSearch,
    byAuthor: ReadonlyMap<string, readonly number[]>,
  ) {
    this.#source = source;
    this.ratings = ratings;
    this.#expected = expected;
    this.search = search;
    this.#byAuthor = byAuthor;
  }

  /** Computes what listed books need, in steps of about 1 ms, and waits for `rest` after each. */
  static async build(source: ShelfSource, rest: () => Promise<void>): Promise<Shelf> {
    const { catalogue, counts } = source;
    const books = catalogue.ids.length;
    const ratings = counts === null ? null : sums(counts.byLevel, books);
    const expected = new Float32Array(3 * books).fill(Number.NaN);
    const byAuthor = new Map<string, number[]>();
    const listed = listedOf(catalogue);
    for (let from = 0; from < listed.length; from += CHUNK) {
      const chunk = listed.subarray(from, from + CHUNK);
      expect(source, chunk, expected);
      for (const book of chunk) addAuthor(byAuthor, catalogue, book);
      await rest();
    }
    const search = await BookSearch.build(catalogue, ratings, rest);
    return new Shelf(source, ratings, expected, search, byAuthor);
  }

  expected(book: number): ExpectedRating {
    const at = (n: number): number => this.#expected[3 * book + n] ?? Number.NaN;
    // Books without a title, which only those ask for who know their ISBN.
    if (Number.isNaN(at(0))) expect(this.#source, Uint32Array.of(book), this.#expected);
    return { mean: at(0), interval: [at(1), at(2)] };
  }

  /** Listed books of an author, by the name as books have it but for case, accents and marks. */
  booksBy(author: string): readonly number[] {
    return this.#byAuthor.get(foldText(author)) ?? [];
  }

  /** Listed books in an order; null where the version has not what it needs. */
  order(sort: BookSort): Uint32Array | null {
    const kept = this.#orders.get(sort);
    if (kept !== undefined) return kept;
    const order = this.#makeOrder(sort);
    this.#orders.set(sort, order);
    return order;
  }

  #makeOrder(sort: BookSort): Uint32Array | null {
    const { catalogue, counts } = this.#source;
    const { year } = catalogue;
    const all = listedOf(catalogue);
    const lower = (book: number): number => this.expected(book).interval[0];
    if (sort === 'title') return byTitle(all, catalogue.title);
    if (sort === 'year') return byFalling(all, (book) => year[book] ?? 0);
    if (sort === 'predicted') return byFalling(all, (book) => this.expected(book).mean);
    if (sort === 'lower_bound') return byFalling(all, lower);
    const weight = sort === 'trending' ? (counts?.recent ?? null) : this.ratings;
    if (weight === null) return null;
    const known = byFalling(all, (book) => weight[book] ?? 0);
    return sort === 'ratings' ? known : byFalling(headOf(known, weight), lower);
  }
}

/** Books with a title, in the order of the catalogue. */
function listedOf({ ids, listed }: Catalogue): Uint32Array {
  return Uint32Array.from(ids.keys()).filter((book) => listed[book] === 1);
}

/** Sets mean, low and high of `ExpectedRating` at the places of the books. */
function expect({ recommender }: ShelfSource, books: Uint32Array, expected: Float32Array): void {
  const { levels } = recommender;
  for (const [n, found] of recommender.predict(NOTHING_KNOWN, books).entries()) {
    const half = Z * Math.sqrt(found.varBook);
    const low = Math.max(levels[0] ?? -Infinity, found.mean - half);
    const high = Math.min(levels.at(-1) ?? Infinity, found.mean + half);
    expected.set([found.mean, low, high], 3 * (books[n] ?? 0));
  }
}

function addAuthor(byAuthor: Map<string, number[]>, catalogue: Catalogue, book: number): void {
  const name = foldText(catalogue.author[book] ?? '');
  if (name === '') return;
  const books = byAuthor.get(name);
  if (books === undefined) byAuthor.set(name, [book]);
  else books.push(book);
}

/** The first books of `order` that together hold the share `POPULAR_SHARE` of the weight of all. */
function headOf(order: Uint32Array, weight: ArrayLike<number>): Uint32Array {
  let missing = POPULAR_SHARE * order.reduce((sum, book) => sum + (weight[book] ?? 0), 0);
  let count = 0;
  while (missing > 0 && count < order.length) missing -= weight[order[count++] ?? 0] ?? 0;
  return order.slice(0, count);
}

/** Ratings of each book over all levels. */
function sums(byLevel: Uint32Array, books: number): Uint32Array {
  const levels = byLevel.length / Math.max(1, books);
  return Uint32Array.from({ length: books }, (_, book) =>
    byLevel.subarray(book * levels, (book + 1) * levels).reduce((a, b) => a + b, 0),
  );
}

/** Ties keep the order of the catalogue. */
function byFalling(books: Uint32Array, value: (book: number) => number): Uint32Array {
  return books.slice().sort((a, b) => value(b) - value(a) || a - b);
}

/** By title without regard to case and accents. */
function byTitle(books: Uint32Array, title: readonly string[]): Uint32Array {
  const key = title.map((text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase());
  const rank = (a: number, b: number): number => {
    const [one, other] = [key[a] ?? '', key[b] ?? ''];
    if (one === other) return a - b;
    return one < other ? -1 : 1;
  };
  return books.slice().sort(rank);
}
