import type { Recommendation } from '../contracts/http.ts';
import type { RankedList } from '../model/ranked-list.ts';
import { AppError } from '../runtime/errors.ts';
import type { LiveVersion } from './live-version.ts';
import { round } from './round.ts';

type Source = Recommendation['source'];

/** `topK` entries of a list, from a place on, as the API shows them. */
export function recommendationsOf(
  version: LiveVersion,
  list: RankedList,
  topK: number,
  source: Source,
  from = 0,
): Recommendation[] {
  const count = Math.max(0, Math.min(topK, list.book.length - from));
  return Array.from({ length: count }, (_, place) =>
    recommendationAt(version, list, from + place, source),
  );
}

function recommendationAt(
  version: LiveVersion,
  list: RankedList,
  place: number,
  source: Source,
): Recommendation {
  const { catalogue } = version;
  const book = list.book[place] ?? Number.NaN;
  const isbn = catalogue.ids[book];
  if (isbn === undefined) throw unreadable(version.id);
  const reader = finite(list.sdReader[place], version.id);
  const sdBook = finite(list.sdBook[place], version.id);
  const noise = finite(list.sdNoise[place], version.id);
  const year = catalogue.year[book] ?? 0;
  return {
    rank: place + 1,
    title: catalogue.title[book] ?? '',
    author: catalogue.author[book] ?? '',
    year: year === 0 ? null : year,
    isbn,
    predicted_rating: round(finite(list.mean[place], version.id)),
    uncertainty: round(Math.hypot(reader, sdBook, noise)),
    confidence_interval: [
      round(finite(list.low[place], version.id)),
      round(finite(list.high[place], version.id)),
    ],
    uncertainty_parts: { reader: round(reader), book: round(sdBook), noise: round(noise) },
    interest: Number(finite(list.interest[place], version.id).toPrecision(4)),
    signal: signalAt(version, list, place),
    source,
  };
}

function signalAt(version: LiveVersion, list: RankedList, place: number): string {
  const name = version.recommender.signals[list.signal[place] ?? Number.NaN];
  if (name === undefined) throw unreadable(version.id);
  return name;
}

/** JSON has no NaN: a list that holds one must not leave as null. */
function finite(value: number | undefined, version: string): number {
  if (value === undefined || !Number.isFinite(value)) throw unreadable(version);
  return value;
}

function unreadable(version: string): AppError {
  return new AppError(
    'STORE_CORRUPT',
    `A list of version ${version} does not fit its catalogue`,
    'Train again, or roll back with `bookrec models rollback`.',
  );
}

/** Says that fewer books are listed than were asked for, and whether there are more. */
export function noteOf(asked: number, listed: number, available = listed): { note?: string } {
  if (asked <= listed) return {};
  const why =
    listed < available
      ? `at most ${String(listed)} of the ${String(available)} available books are listed`
      : `only ${String(available)} books are available`;
  return { note: `top_k is ${String(asked)}, but ${why}.` };
}
