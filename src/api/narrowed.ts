import type { FoldInAnswer } from '../contracts/http-fold-in.ts';
import type { ReaderInput } from '../model/recommender.ts';
import type { LiveVersion } from './live-version.ts';
import { round } from './round.ts';

/** Books over which the mean interval is taken, at most. */
const MOST_BOOKS = 50;

/** What each rating of the reader did to the mean width of the 95 % intervals of `books`, one rating after the other. */
export function narrowedBy(
  { recommender, catalogue }: LiveVersion,
  reader: ReaderInput,
  books: Uint32Array,
): NonNullable<FoldInAnswer['narrowed']> {
  const widths = recommender.meanWidths(reader, books.subarray(0, MOST_BOOKS));
  return Array.from(reader.ratedBook, (book, n) => ({
    isbn: catalogue.ids[book] ?? '',
    rating: reader.ratedValue[n] ?? Number.NaN,
    spread_before: round(widths[n] ?? Number.NaN),
    spread_after: round(widths[n + 1] ?? Number.NaN),
  }));
}
