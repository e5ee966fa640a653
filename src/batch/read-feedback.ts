import type { FeedbackRow } from '../store/reader-feedback.ts';
import type { Store } from '../store/store.ts';

/** What readers have said since the data files were written. */
export interface Feedback {
  /** In the order in which it was given. */
  readonly ratings: readonly FeedbackRow[];
  /** Readers whose rows in the files are to be left out. */
  readonly erased: ReadonlySet<string>;
  /** Number of the last change that is surely in it. */
  readonly revision: number;
}

/** Reads the feedback of a store. */
export async function readFeedback(store: Store): Promise<Feedback> {
  // First: what comes while it is read may be in it or not.
  const revision = await store.feedbackRevision();
  const rows: Array<FeedbackRow & { number: number }> = [];
  const erased = new Set<string>();
  for await (const { reader, ratings, erased: number } of store.allFeedback()) {
    if (number !== null) erased.add(reader);
    rows.push(...ratings);
  }
  // Keys come in no order, and the same feedback must give the same model.
  const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  rows.sort((a, b) => a.time - b.time || a.number - b.number || compare(a.reader, b.reader));
  return { ratings: rows, erased, revision };
}
