import { z } from 'zod';
import { blobChunks } from './blobs.ts';
import { notForgotten } from './erasure.ts';
import { blobNamesKey, readerKey, versionPrefix } from './keys.ts';
import type { Kv } from './kv.ts';
import { decodeReader } from './reader-codec.ts';
import { listIds } from './reader-ids.ts';
import type { VersionPart } from './store.ts';
import { corrupt } from './store-error.ts';

/** Records of one part: with the longest lists, of 1000 books, about 4 MB. */
const READERS_AT_ONCE = 256;

const namesSchema = z.array(z.string());

/**
 * The parts of a version that read feedback up to `read`, artefacts first; each record and artefact is checked before it is
 * given. Readers who are to be forgotten are left out.
 */
export async function* versionParts(
  kv: Kv,
  version: string,
  read: number,
): AsyncGenerator<VersionPart> {
  for (const name of await blobNames(kv, version)) {
    let isEmpty = true;
    for await (const bytes of blobChunks(kv, versionPrefix(version), name)) {
      yield { kind: 'artefact', name, bytes };
      isEmpty = false;
    }
    if (isEmpty) yield { kind: 'artefact', name, bytes: new Uint8Array() };
  }
  for (let after: string | null = null; ;) {
    const ids: string[] = await listIds(kv, version, after, READERS_AT_ONCE);
    if (ids.length === 0) return;
    const kept = await notForgotten(kv, ids, read);
    if (kept.length > 0) {
      yield { kind: 'readers', ids: kept, records: await recordsOf(kv, version, kept) };
    }
    after = ids.at(-1) ?? null;
  }
}

async function recordsOf(kv: Kv, version: string, ids: readonly string[]): Promise<Uint8Array[]> {
  const values = await kv.getMany(ids.map((id) => readerKey(version, id)));
  return values.map((value) => {
    if (value === null) throw corrupt('A stored reader has an id but no record');
    decodeReader(value);
    return value;
  });
}

async function blobNames(kv: Kv, version: string): Promise<string[]> {
  const stored = await kv.get(blobNamesKey(version));
  if (stored === null) throw corrupt(`Version ${version} has no list of its artefacts`);
  try {
    return namesSchema.parse(JSON.parse(Buffer.from(stored).toString('utf8')));
  } catch (cause) {
    throw corrupt(`The list of artefacts of version ${version} is unreadable`, cause);
  }
}
