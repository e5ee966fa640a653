import { AppError } from '../runtime/errors.ts';
import type { Answer } from './answer.ts';
import { revisionOf } from './known-reader.ts';
import type { Snapshot } from './live-model.ts';
import type { ApiDeps } from './route.ts';

/**
 * An answer from memory as it may be given now: null where the reader has said something since, here or at another replica;
 * marked as degraded where the store is away, so that nobody knows.
 */
export async function keptAnswer(
  kept: Answer,
  { degraded }: Snapshot,
  { store, metrics }: ApiDeps,
): Promise<Answer | null> {
  const { reader } = kept;
  if (reader === undefined) return kept;
  if (degraded) return inDegraded(kept);
  try {
    return (await revisionOf(reader.id, store)) === reader.revision ? kept : null;
  } catch (error) {
    metrics.storeError(error);
    if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    return inDegraded(kept);
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
