import type { BookCounts } from '../store/book-counts-codec.ts';
import type { Dataset } from './ingest/dataset.ts';

/** Time in which a rating comes to count half in what is read of late. */
const HALF_LIFE_SECONDS = 90 * 24 * 3600;

/** Counts the ratings of every book by level and, where the data carry times, by age before the newest rating. */
export function countRatings({ books, levels, ratings, timestamps }: Dataset): BookCounts {
  const levelOf = new Map(Array.from(levels, (level, l) => [level, l]));
  const byLevel = new Uint32Array(books.ids.length * levels.length);
  const recent = timestamps === null ? null : new Float32Array(books.ids.length);
  // A rating without a time is of no time that is known: it says nothing of what is read of late.
  const newest = timestamps?.reduce((a, b) => (b > a ? b : a), 0) ?? 0;
  for (const [row, book] of ratings.book.entries()) {
    const level = levelOf.get(ratings.value[row] ?? Number.NaN);
    if (level !== undefined) add(byLevel, book * levels.length + level, 1);
    const age = newest - (timestamps?.[row] ?? Number.NaN);
    if (recent !== null && age >= 0) add(recent, book, 2 ** (-age / HALF_LIFE_SECONDS));
  }
  return { byLevel, recent };
}

function add(counts: Uint32Array | Float32Array, at: number, weight: number): void {
  counts[at] = (counts[at] ?? 0) + weight;
}
