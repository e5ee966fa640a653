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
type BlobHead = z.infer<typeof headSchema>;

/** Writes one blob of the owner whose keys start with `prefix`, piece by piece; readers find it once `end` has written its head. */
export class BlobWriter {
  readonly #kv: Kv;
  readonly #prefix: string;
  readonly #name: string;
  #chunks = 0;
  #bytes = 0;
  #crc32 = 0;

  constructor(kv: Kv, prefix: string, name: string) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#name = name;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const chunks: Entry[] = [];
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      const key = blobChunkKey(this.#prefix, this.#name, this.#chunks++);
      chunks.push([key, bytes.subarray(from, from + CHUNK_BYTES)]);
    }
    await this.#kv.putMany(chunks);
    this.#bytes += bytes.length;
    this.#crc32 = crc32(bytes, this.#crc32);
  }

  async end(): Promise<void> {
    const head: BlobHead = { bytes: this.#bytes, crc32: this.#crc32 };
    const key = blobKey(this.#prefix, this.#name);
    await this.#kv.put(key, Buffer.from(JSON.stringify(head), 'utf8'));
  }
}

/** Reads a blob into memory of its own; null if there is none, `STORE_CORRUPT` if it changed. */
export async function readBlob(kv: Kv, prefix: string, name: string): Promise<Uint8Array | null> {
  const head = await readHead(kv, prefix, name);
  if (head === null) return null;
  const bytes = new Uint8Array(head.bytes);
  let at = 0;
  // One chunk at a time: a second copy of the whole would double the peak of memory.
  for await (const chunk of chunksOf(kv, prefix, name, head)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A blob chunk by chunk; throws `STORE_CORRUPT` if it is absent, lacks a part or has changed. */
export async function* blobChunks(
  kv: Kv,
  prefix: string,
  name: string,
): AsyncGenerator<Uint8Array> {
  const head = await readHead(kv, prefix, name);
  if (head === null) throw corrupt(`The stored artefact "${name}" is not there`);
  yield* chunksOf(kv, prefix, name, head);
}

/** The chunks; their end says that length and checksum are those of the head. */
async function* chunksOf(
  kv: Kv,
  prefix: string,
  name: string,
  head: BlobHead,
): AsyncGenerator<Uint8Array> {
  let found = 0;
  for (let at = 0, chunk = 0; at < head.bytes; chunk++) {
    const piece = await kv.get(blobChunkKey(prefix, name, chunk));
    if (piece === null || piece.length === 0 || at + piece.length > head.bytes) {
      throw corrupt(`The stored artefact "${name}" lacks a part`);
    }
    at += piece.length;
    found = crc32(piece, found);
    yield piece;
  }
  if (found !== head.crc32) throw corrupt(`The stored artefact "${name}" has changed bytes`);
}

async function readHead(kv: Kv, prefix: string, name: string): Promise<BlobHead | null> {
  const stored = await kv.get(blobKey(prefix, name));
  return stored === null ? null : parseHead(stored, name);
}

function parseHead(stored: Uint8Array, name: string): BlobHead {
  try {
    return headSchema.parse(JSON.parse(Buffer.from(stored).toString('utf8')));
  } catch (cause) {
    throw corrupt(`The head of the stored artefact "${name}" is unreadable`, cause);
  }
}
