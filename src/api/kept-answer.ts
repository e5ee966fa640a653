import { AppError } from '../runtime/errors.ts';
import type { Answer } from './answer.ts';
import { revisionOf } from './known-reader.ts';
import type { Snapshot } from './live-model.ts';
import type { ApiDeps } from './route.ts';

/**
 * The answer from memory to a request, as it may be given now: null where there is none, or the reader has said something since, here or
 * at another replica; marked as degraded where the store is away, so that nobody knows.
 */
export async function keptAnswer(
  url: string,
  { version, degraded }: Snapshot,
  { store, lastFeedback, metrics }: ApiDeps,
): Promise<Answer | null> {
  const kept = version?.answers.get(url);
  if (version === null || kept === undefined) return null;
  if (degraded) return inDegraded(version.answers.answerOf(kept));
  try {
    // Before the reader's own, which can only be newer.
    const last = await lastFeedback();
    if (kept.heldAt !== last) {
      const { id, revision } = kept.head.reader;
      if ((await revisionOf(id, store)) !== revision) return null;
      kept.heldAt = last;
    }
    return version.answers.answerOf(kept);
  } catch (error) {
    metrics.storeError(error);
    if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    return inDegraded(version.answers.answerOf(kept));
  }
}

/** The same JSON object with one field more, which no cache may keep. */
function inDegraded(answer: Answer | null): Answer | null {
  if (answer === null) return null;
  return {
    status: answer.status,
    headers: { 'Content-Type': answer.headers['Content-Type'] ?? '', 'Cache-Control': 'no-store' },
    body: answer.body.toString().replace(/\}$/, ',"degraded":true}'),
    isBytes: true,
    source: 'degraded',
  };
}
