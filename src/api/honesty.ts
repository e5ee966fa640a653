import type { FeedbackRow } from '../store/reader-feedback.ts';
import type { Store } from '../store/store.ts';
import { inputOf, lookUp } from './known-reader.ts';
import type { LiveVersion } from './live-version.ts';

/** Shares of the intervals that are looked at. */
const INTERVALS = [0.5, 0.8, 0.9, 0.95];

/** Whether a rating lay within the interval of a share. */
export interface Held {
  readonly interval: string;
  readonly within: boolean;
}

/**
 * Compares ratings with what is predicted for their readers before they are taken in. A book that the reader has rated before is
 * left out, since that rating is known, and of two ratings of one book at once the second.
 */
export async function compared(
  version: LiveVersion,
  rows: readonly FeedbackRow[],
  store: Store,
): Promise<Held[][]> {
  const byReader = Map.groupBy(rows, ({ reader }) => reader);
  const outcomes = await Promise.all(
    Array.from(byReader, async ([reader, own]) => {
      const input = inputOf(version, await lookUp(version, reader, store));
      const met = new Set(input.ratedBook);
      const first = new Map<number, number>();
      for (const { book: id, rating } of own) {
        const book = version.bookIndex(id);
        if (book !== undefined && !met.has(book) && !first.has(book)) first.set(book, rating);
      }
      const predictions = version.recommender.predict(input, Uint32Array.from(first.keys()));
      return [...first.values()].map((rating, n) =>
        INTERVALS.map((share): Held => {
          const low = predictions[n]?.quantile((1 - share) / 2) ?? Number.NaN;
          const high = predictions[n]?.quantile((1 + share) / 2) ?? Number.NaN;
          return { interval: String(share), within: rating >= low && rating <= high };
        }),
      );
    }),
  );
  return outcomes.flat();
}
