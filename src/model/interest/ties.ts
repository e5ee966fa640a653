import { grown } from '../growable.ts';
import { countingOrder, countingStarts } from '../rating-matrix.ts';
import { Shortlist } from './shortlist.ts';

/** Books that readers have met, rated or not: reader u has `book[start[u] .. start[u + 1])`, each once. */
export interface Histories {
  /** Length N + 1. */
  readonly start: Int32Array;
  readonly book: Int32Array;
}

/** Co-reading ties: book i is tied to `book[start[i] .. start[i + 1])` with `strength` of the same index. */
export interface Ties {
  /** Length M + 1. */
  readonly start: Int32Array;
  readonly book: Int32Array;
  /** Shrunk, but not yet divided by the books' popularity (`tieFactor`). */
  readonly strength: Float32Array;
  /** Readers who met both; null for models that were made without. */
  readonly common: Uint32Array | null;
}

/** Ties kept of each book. */
export const TIES_KEPT = 100;

/** What may differ between two matrices of the same histories. */
export interface TieOptions {
  /** Ties kept of each book. */
  readonly top: number;
  /** b of docs/model.md 3.13: how much a tie of two popular books counts for less. */
  readonly exponent: number;
}

/** Readers that must have met both books: one alone is mostly a coincidence, and such ties are nine of ten. */
export const LEAST_COMMON = 2;
/** k0: a tie of k common readers counts by k / (k + k0). */
const TIE_SHRINKAGE = 4;
/** Added to both popularities. */
const POPULARITY_PRIOR = 5;
/** Whoever met more books than this trades them or lends them out, and would cost the square of their number. */
export const LARGEST_HISTORY = 1000;

/** Readers who have met each of M books. */
export function popularityOf(histories: Histories, books: number): Int32Array {
  const met = new Int32Array(books);
  for (const book of histories.book) met[book]++;
  return met;
}

/** (n + 5)^-b for each book's popularity n; the strength of a tie is multiplied by both books' factors. */
export function tieFactors(popularity: Int32Array, exponent: number): Float64Array {
  return Float64Array.from(popularity, (n) => (n + POPULARITY_PRIOR) ** -exponent);
}

/**
 * The `top` strongest ties of every book to listed ones, strongest first, equal ones by index:
 * sum over the common readers of 1 / sqrt(n_u), times k / (k + k0) for k of them.
 */
export function buildTies(
  histories: Histories,
  listed: Uint8Array,
  { top, exponent }: TieOptions,
): Ties {
  const books = listed.length;
  const readersOf = byBook(histories, books);
  const factor = tieFactors(popularityOf(histories, books), exponent);
  const common = new CommonReaders(histories, books);
  const start = new Int32Array(books + 1);
  const order = new Shortlist();
  const candidate = new Int32Array(books);
  const score = new Float64Array(books);
  let tied = new Int32Array(16 * books);
  let strengths = new Float64Array(16 * books);
  let readers = new Int32Array(16 * books);
  for (let i = 0; i < books; i++) {
    for (let s = readersOf.start[i]; s < readersOf.start[i + 1]; s++) {
      common.add(readersOf.reader[s]);
    }
    let size = 0;
    for (let t = 0; t < common.size; t++) {
      const j = common.touched[t];
      if (common.count[j] < LEAST_COMMON || j === i || listed[j] === 0) continue;
      candidate[size] = j;
      score[size++] = common.strength(j) * factor[j];
    }
    order.fill(candidate, score, size, top);
    const kept = Math.min(top, size);
    tied = grown(tied, start[i] + kept);
    strengths = grown(strengths, start[i] + kept);
    readers = grown(readers, start[i] + kept);
    for (let t = start[i]; t < start[i] + kept; t++) {
      tied[t] = candidate[order.take()];
      strengths[t] = common.strength(tied[t]);
      readers[t] = common.count[tied[t]];
    }
    start[i + 1] = start[i] + kept;
    common.clear();
  }
  const size = start[books];
  return {
    start,
    book: tied.slice(0, size),
    strength: Float32Array.from(strengths.subarray(0, size)),
    common: Uint32Array.from(readers.subarray(0, size)),
  };
}

/** How many readers, and of what weight together, met each book and the one at hand. */
class CommonReaders {
  readonly count: Int32Array;
  readonly weight: Float64Array;
  /** Books with a reader in common: `touched[0 .. size)`. */
  readonly touched: Int32Array;
  size = 0;
  private readonly histories: Histories;
  private readonly ofReader: Float64Array;

  constructor(histories: Histories, books: number) {
    this.histories = histories;
    this.ofReader = readerWeights(histories);
    this.count = new Int32Array(books);
    this.weight = new Float64Array(books);
    this.touched = new Int32Array(books);
  }

  /** Adds a reader who has met the book at hand. */
  add(u: number): void {
    const { start, book } = this.histories;
    const weight = this.ofReader[u];
    if (weight === 0) return;
    for (let e = start[u]; e < start[u + 1]; e++) {
      const j = book[e];
      if (this.count[j]++ === 0) this.touched[this.size++] = j;
      this.weight[j] += weight;
    }
  }

  /** Strength of the tie to book j, before the popularity of both counts. */
  strength(j: number): number {
    return (this.weight[j] * this.count[j]) / (this.count[j] + TIE_SHRINKAGE);
  }

  clear(): void {
    for (let t = 0; t < this.size; t++)
      this.count[this.touched[t]] = this.weight[this.touched[t]] = 0;
    this.size = 0;
  }
}

/** 1 / sqrt(n_u), or 0 for a reader whose history says nothing of ties. */
function readerWeights({ start }: Histories): Float64Array {
  return Float64Array.from({ length: start.length - 1 }, (_, u) => {
    const size = start[u + 1] - start[u];
    return size < 2 || size > LARGEST_HISTORY ? 0 : 1 / Math.sqrt(size);
  });
}

function byBook(
  { start, book }: Histories,
  books: number,
): { start: Int32Array; reader: Int32Array } {
  const readerOf = new Int32Array(book.length);
  for (let u = 0; u + 1 < start.length; u++) readerOf.fill(u, start[u], start[u + 1]);
  const bookStart = countingStarts(book, books);
  return {
    start: bookStart,
    reader: countingOrder(book, bookStart).map((entry) => readerOf[entry]),
  };
}
