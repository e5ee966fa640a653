import { BlobWriter, readBlob } from './blobs.ts';
import { blobKey, checkpointPrefix, CHECKPOINTS_SET } from './keys.ts';
import type { Kv } from './kv.ts';

/** How long a checkpoint waits for its training to be started again. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** The two places of a checkpoint: the new one is whole before the old one goes. */
const PLACES = ['0', '1'] as const;

const currentKey = (training: string): string => `${checkpointPrefix(training)}current`;

async function currentPlace(kv: Kv, training: string): Promise<string | null> {
  const value = await kv.get(currentKey(training));
  return value === null ? null : Buffer.from(value).toString('utf8');
}

/** Replaces the training's checkpoint; killed anywhere, it leaves the old one or the new one. */
export async function writeCheckpoint(
  kv: Kv,
  training: string,
  bytes: Uint8Array,
  now: number,
): Promise<void> {
  await kv.addMember(CHECKPOINTS_SET, training, now);
  const before = await currentPlace(kv, training);
  const place = before === PLACES[0] ? PLACES[1] : PLACES[0];
  const prefix = checkpointPrefix(training);
  const blob = new BlobWriter(kv, prefix, place);
  await blob.append(bytes);
  await blob.end();
  await kv.put(currentKey(training), Buffer.from(place, 'utf8'));
  if (before !== null) await kv.deletePrefix(blobKey(prefix, before));
}

/** Null if there is none; throws `STORE_CORRUPT` if it changed. */
export async function readCheckpoint(kv: Kv, training: string): Promise<Uint8Array | null> {
  const place = await currentPlace(kv, training);
  return place === null ? null : readBlob(kv, checkpointPrefix(training), place);
}

export async function dropCheckpoint(kv: Kv, training: string): Promise<void> {
  await kv.deletePrefix(checkpointPrefix(training));
  await kv.removeMember(CHECKPOINTS_SET, training);
}

/** Drops the checkpoints that nobody has come back for. */
export async function pruneCheckpoints(kv: Kv, now: number): Promise<void> {
  for (const { name, score } of await kv.members(CHECKPOINTS_SET)) {
    if (score < now - KEPT_MS) await dropCheckpoint(kv, name);
  }
}
