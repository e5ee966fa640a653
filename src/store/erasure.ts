import { randomUUID } from 'node:crypto';
import { FEEDBACK_COUNTER, FEEDBACK_PREFIX, feedbackKey, onceKey, readerKey } from './keys.ts';
import { type Kv, RESENT_SECONDS } from './kv.ts';
import {
  erasureLines,
  isForgotten,
  parseFeedback,
  type ReaderFeedback,
} from './reader-feedback.ts';
import { dropId } from './reader-ids.ts';

/** Feedback of all readers, each once. */
export async function* allFeedback(kv: Kv): AsyncGenerator<ReaderFeedback> {
  const seen = new Set<string>();
  for await (const keys of kv.keysWith(FEEDBACK_PREFIX)) {
    const fresh = keys.filter((key) => !seen.has(key));
    for (const key of fresh) seen.add(key);
    for (const value of await kv.getMany(fresh)) if (value !== null) yield parseFeedback(value);
  }
}

/** Puts the mark of an erasure in the place of a reader's feedback. */
export async function eraseFeedback(
  kv: Kv,
  reader: string,
  time: number,
): Promise<{ revision: number; feedback: number }> {
  const before = await kv.get(feedbackKey(reader));
  const lines = erasureLines(reader, time);
  const once = { key: onceKey(randomUUID()), text: 'erasure', seconds: RESENT_SECONDS };
  const { number } = await kv.append({ counter: FEEDBACK_COUNTER, lines, once });
  return { revision: number, feedback: before === null ? 0 : parseFeedback(before).ratings.length };
}

/** Removes a reader from a version; says whether it had a record of them. */
export async function forget(kv: Kv, version: string, reader: string): Promise<boolean> {
  const key = readerKey(version, reader);
  const had = (await kv.get(key)) !== null;
  await kv.delete(key);
  await dropId(kv, version, reader);
  return had;
}

/** Those of the ids that are not to be forgotten by a version which read feedback up to `read`. */
export async function notForgotten(
  kv: Kv,
  ids: readonly string[],
  read: number,
): Promise<string[]> {
  const values = await kv.getMany(ids.map(feedbackKey));
  return ids.filter((_, i) => {
    const value = values[i] ?? null;
    return value === null || !isForgotten(parseFeedback(value), read);
  });
}
