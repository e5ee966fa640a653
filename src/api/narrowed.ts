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
  const shown = books.subarray(0, MOST_BOOKS);
  const spread = (ratings: number): number => {
    const known = { ...reader, ratedBook: reader.ratedBook.subarray(0, ratings) };
    const widths = recommender
      .predict(known, shown)
      .map((rating) => rating.quantile(0.975) - rating.quantile(0.025));
    return widths.reduce((sum, width) => sum + width, 0) / Math.max(1, widths.length);
  };
  const narrowed = [];
  let before = spread(0);
  for (const [n, book] of reader.ratedBook.entries()) {
    const after = spread(n + 1);
    narrowed.push({
      isbn: catalogue.ids[book] ?? '',
      rating: reader.ratedValue[n] ?? Number.NaN,
      spread_before: round(before),
      spread_after: round(after),
    });
    before = after;
  }
  return narrowed;
}
