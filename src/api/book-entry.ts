import type { BookAnswer, BookSummary } from '../contracts/http-books.ts';
import { NOTHING_KNOWN } from '../model/recommender.ts';
import type { LiveVersion } from './live-version.ts';
import type { Shelf } from './shelf.ts';
import { round } from './round.ts';

/** A book as lists of the catalogue show it. */
export function summaryOf({ catalogue }: LiveVersion, shelf: Shelf, book: number): BookSummary {
  const year = catalogue.year[book] ?? 0;
  const { mean, interval } = shelf.expected(book);
  return {
    isbn: catalogue.ids[book] ?? '',
    title: catalogue.title[book] ?? '',
    author: catalogue.author[book] ?? '',
    year: year === 0 ? null : year,
    ratings: shelf.ratings?.[book] ?? null,
    predicted_rating: round(mean),
    lower_bound: round(interval[0]),
  };
}

/** All that is known of a book. */
export function bookOf(version: LiveVersion, shelf: Shelf, book: number): BookAnswer {
  const { catalogue, recommender } = version;
  const summary = summaryOf(version, shelf, book);
  const { interval } = shelf.expected(book);
  const path = `/books/${encodeURIComponent(summary.isbn.toWellFormed())}`;
  const [rating] = recommender.predict(NOTHING_KNOWN, Uint32Array.of(book));
  if (rating === undefined) throw new TypeError('a model must answer for every book');
  const { varReader, varBook, varNoise } = rating;
  return {
    ...summary,
    publisher: catalogue.publisher[book] ?? '',
    listed: catalogue.listed[book] === 1,
    rating_distribution: distributionOf(version, book),
    mean_interval: [round(interval[0]), round(interval[1])],
    uncertainty: round(Math.sqrt(varReader + varBook + varNoise)),
    uncertainty_parts: {
      reader: round(Math.sqrt(varReader)),
      book: round(Math.sqrt(varBook)),
      noise: round(Math.sqrt(varNoise)),
    },
    confidence_interval: [round(rating.quantile(0.025)), round(rating.quantile(0.975))],
    links: { self: path, similar: `${path}/similar` },
    model_version: version.id,
  };
}

function distributionOf(
  { counts, recommender }: LiveVersion,
  book: number,
): BookAnswer['rating_distribution'] {
  if (counts === null) return null;
  const { levels } = recommender;
  return Array.from(levels, (rating, l) => ({
    rating,
    count: counts.byLevel[book * levels.length + l] ?? 0,
  }));
}
