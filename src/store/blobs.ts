import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { blobChunkKey, blobKey } from './keys.ts';
import type { Kv } from './kv.ts';
import type { Entry } from './portions.ts';
import { corrupt } from './store-error.ts';

/** Values stay small, so that no single reply holds up the others. */
const CHUNK_BYTES = 512 * 1024;

const headSchema = z.object({ bytes: z.int().min(0), crc32: z.int().min(0) });

/** Length and checksum of a stored blob. */
export type BlobHead = z.infer<typeof headSchema>;

/** Writes a blob in chunks, its head last. */
export async function writeBlob(
  kv: Kv,
  version: string,
  name: string,
  bytes: Uint8Array,
): Promise<BlobHead> {
  const chunks: Entry[] = [];
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    chunks.push([
      blobChunkKey(version, name, chunks.length),
      bytes.subarray(from, from + CHUNK_BYTES),
    ]);
  }
  await kv.putMany(chunks);
  const head = { bytes: bytes.length, crc32: crc32(bytes) };
  await kv.put(blobKey(version, name), Buffer.from(JSON.stringify(head), 'utf8'));
  return head;
}

/** Reads a blob into memory of its own; null if there is none, `STORE_CORRUPT` if it changed. */
export async function readBlob(kv: Kv, version: string, name: string): Promise<Uint8Array | null> {
  const stored = await kv.get(blobKey(version, name));
  if (stored === null) return null;
  const head = parseHead(stored, name);
  const bytes = new Uint8Array(head.bytes);
  // One chunk at a time: a second copy of the whole would double the peak of memory.
  for (let at = 0, chunk = 0; at < bytes.length; chunk++) {
    const piece = await kv.get(blobChunkKey(version, name, chunk));
    if (piece === null || piece.length === 0 || at + piece.length > bytes.length) {
      throw corrupt(`The stored artefact "${name}" lacks a part`);
    }
    bytes.set(piece, at);
    at += piece.length;
  }
  if (crc32(bytes) !== head.crc32) throw corrupt(`The stored artefact "${name}" has changed bytes`);
  return bytes;
}

function parseHead(stored: Uint8Array, name: string): BlobHead {
  try {
    return headSchema.parse(JSON.parse(Buffer.from(stored).toString('utf8')));
  } catch (cause) {
    throw corrupt(`The head of the stored artefact "${name}" is unreadable`, cause);
  }
}
