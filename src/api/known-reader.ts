import { NOTHING_KNOWN, type ReaderInput } from '../model/recommender.ts';
import type { ReaderFeedback } from '../store/reader-feedback.ts';
import type { ReaderRecord, Store } from '../store/store.ts';
import { withDeadline } from './deadline.ts';
import type { LiveVersion } from './live-version.ts';
import { onceATurn } from './once-a-turn.ts';

/** What is known of a stored reader, as one version sees it. */
export interface KnownReader {
  /** What the training read; null for a reader whom it did not know, or who was to be forgotten since. */
  readonly record: ReaderRecord | null;
  readonly feedback: ReaderFeedback | null;
  /** Number of the reader's last feedback or erasure, 0 if there is none: what is said of the reader changes with it alone. */
  readonly revision: number;
  /** Whether there is feedback that the training did not read. */
  readonly isAhead: boolean;
}

/** Reads record and feedback in one round trip; throws what the store throws, within the deadline. */
export async function lookUp(version: LiveVersion, id: string, store: Store): Promise<KnownReader> {
  const [record, feedback] = await withDeadline(
    Promise.all([store.reader(version.id, id), store.feedback(id)]),
  );
  if (feedback === null) return { record, feedback, revision: 0, isAhead: false };
  const read = version.manifest.feedback ?? 0;
  const isForgotten = feedback.erased !== null && feedback.erased > read;
  return {
    record: isForgotten ? null : record,
    feedback,
    revision: feedback.revision,
    isAhead: feedback.ratings.some(({ number }) => number > read),
  };
}

/**
 * What was known of the reader after feedback `revision`, as `version` sees it; null where that cannot be told any more, since they were erased
 * meanwhile or the store has lost it.
 */
export function asOf(
  known: KnownReader,
  revision: number,
  { manifest }: LiveVersion,
): KnownReader | null {
  const { record, feedback } = known;
  if (known.revision === revision) return known;
  if (feedback === null || known.revision < revision) return null;
  if (feedback.erased !== null && feedback.erased > revision) return null;
  const ratings = feedback.ratings.filter(({ number }) => number <= revision);
  const read = manifest.feedback ?? 0;
  const isAhead = ratings.some(({ number }) => number > read);
  return { record, feedback: { ...feedback, revision, ratings }, revision, isAhead };
}

/** The last feedback or erasure of anybody, by its number; for many requests at once. */
export const lastFeedbackIn = (store: Store): (() => Promise<number>) =>
  onceATurn(() => withDeadline(store.feedbackRevision()));

/** Number of the reader's last feedback or erasure; 0 if there is none. */
export async function revisionOf(id: string, store: Store): Promise<number> {
  const feedback = await withDeadline(store.feedback(id));
  return feedback?.revision ?? 0;
}

/** All that is known of the reader, as input of a fold-in: of two ratings of one book the last counts. */
export function inputOf(version: LiveVersion, known: KnownReader): ReaderInput {
  const { labels, unratedBook } = known.record ?? NOTHING_KNOWN;
  const rated = ratedBy(version, known);
  return {
    labels,
    ratedBook: Uint32Array.from(rated.keys()),
    ratedValue: [...rated.values()],
    unratedBook: unratedBook.filter((book) => !rated.has(book)),
  };
}

function ratedBy(version: LiveVersion, { record, feedback }: KnownReader): Map<number, number> {
  const { ratedBook, ratedValue } = record ?? NOTHING_KNOWN;
  const rated = new Map(Array.from(ratedBook, (book, n) => [book, ratedValue[n] ?? Number.NaN]));
  for (const { book: id, rating } of feedback?.ratings ?? []) {
    const book = version.bookIndex(id);
    if (book !== undefined) rated.set(book, rating);
  }
  return rated;
}
