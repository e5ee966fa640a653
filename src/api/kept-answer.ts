import { AppError } from '../runtime/errors.ts';
import type { Answer } from './answer.ts';
import { revisionOf } from './known-reader.ts';
import type { Snapshot } from './live-model.ts';
import type { ApiDeps } from './route.ts';

/** An answer about a reader in memory. */
export interface Kept {
  readonly answer: Answer & Required<Pick<Answer, 'reader'>>;
  /** Number of the last feedback of anybody when it was seen to hold; null before. Without another one it still does. */
  heldAt: number | null;
}

/**
 * An answer from memory as it may be given now: null where the reader has said something since, here or at another replica;
 * marked as degraded where the store is away, so that nobody knows.
 */
export async function keptAnswer(
  kept: Kept,
  { degraded }: Snapshot,
  { store, lastFeedback, metrics }: ApiDeps,
): Promise<Answer | null> {
  const { answer } = kept;
  if (degraded) return inDegraded(answer);
  try {
    // Before the reader's own, which can only be newer.
    const last = await lastFeedback();
    if (kept.heldAt === last) return answer;
    if ((await revisionOf(answer.reader.id, store)) !== answer.reader.revision) return null;
    kept.heldAt = last;
    return answer;
  } catch (error) {
    metrics.storeError(error);
    if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    return inDegraded(answer);
  }
}

/** The same JSON object with one field more, which no cache may keep. */
function inDegraded({ status, headers, body }: Answer): Answer {
  return {
    status,
    headers: { 'Content-Type': headers['Content-Type'] ?? '', 'Cache-Control': 'no-store' },
    body: body.toString().replace(/\}$/, ',"degraded":true}'),
    source: 'degraded',
  };
}
