/**
 * A process that publishes, for tests that kill it or read meanwhile. Arguments: address of the
 * store, then `endless VERSION` or `whole VERSION...`. Sends a message after every step.
 */
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { sampleManifest, sampleRecord } from './sample-version.ts';

/** Readers of a version that this process publishes: `0`, `1`, ... */
export const PUBLISHED_READERS = 300;

/** Blob whose text is the version's name. */
export const NAME_BLOB = 'name';

/** The mean of every list of the version, so that a reader can tell which version it is from. */
export function meanOf(version: string): number {
  return 1 + Number(version) / 10;
}

/** Publishes a version whose records and blob say which one it is, and makes it live. */
export async function publishNumbered(store: Store, version: string): Promise<void> {
  const writer = await store.begin(version);
  await writer.putReaders(readersOf(version, 0));
  await writer.putBlob(NAME_BLOB, Buffer.from(version.repeat(1000)));
  await writer.commit(sampleManifest(version, PUBLISHED_READERS));
  await store.setLive(version);
}

function readersOf(version: string, from: number) {
  const record = sampleRecord([0, 1, 2].map(() => meanOf(version)));
  return Array.from({ length: PUBLISHED_READERS }, (_, i) => [String(from + i), record] as const);
}

async function publishEndlessly(store: Store, version: string): Promise<void> {
  const writer = await store.begin(version);
  for (let from = 0; ; from += PUBLISHED_READERS) {
    await writer.putReaders(readersOf(version, from));
    await writer.putBlob(NAME_BLOB, Buffer.from(version));
    process.send?.(from);
  }
}

if (import.meta.main) {
  const [url = '', mode, ...versions] = process.argv.slice(2);
  const store = await openStore(url);
  if (mode === 'endless') await publishEndlessly(store, versions[0] ?? '');
  for (const version of versions) {
    await publishNumbered(store, version);
    process.send?.(version);
  }
  await store.close();
  process.disconnect();
}
