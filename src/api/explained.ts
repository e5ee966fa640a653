import type { Recommendation } from '../contracts/http.ts';
import type { ReaderInput } from '../model/recommender.ts';
import type { LiveVersion } from './live-version.ts';
import { round } from './round.ts';

/** Ratings that are named for each book. */
const NAMED = 3;

/** The entries with what each prediction comes from: shares of the ratings that add up to it. */
export function explained(
  version: LiveVersion,
  reader: ReaderInput,
  entries: readonly Recommendation[],
): Recommendation[] {
  const books = Uint32Array.from(entries, ({ isbn }) => version.bookIndex(isbn) ?? 0);
  const shares = version.recommender.shares(reader, books);
  return entries.map((entry, n) => ({
    ...entry,
    explanation: explanationOf(version, reader, entry, shares[n] ?? new Float64Array()),
  }));
}

function explanationOf(
  { catalogue }: LiveVersion,
  { ratedBook, ratedValue }: ReaderInput,
  { predicted_rating }: Recommendation,
  shares: Float64Array,
): NonNullable<Recommendation['explanation']> {
  const size = (k: number): number => Math.abs(shares[k] ?? 0);
  const order = Array.from(shares.keys()).sort((a, b) => size(b) - size(a) || a - b);
  const because = order.slice(0, NAMED).map((k) => {
    const book = ratedBook[k] ?? Number.NaN;
    return {
      isbn: catalogue.ids[book] ?? '',
      title: catalogue.title[book] ?? '',
      rating: ratedValue[k] ?? Number.NaN,
      share: round(shares[k] ?? 0),
    };
  });
  const others = round(order.slice(NAMED).reduce((sum, k) => sum + (shares[k] ?? 0), 0));
  const told = because.reduce((sum, { share }) => sum + share, others);
  return { base: round(predicted_rating - told), because, others };
}
