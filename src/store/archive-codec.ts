import { createHash, type Hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { type Manifest, manifestSchema } from '../contracts/manifest.ts';
import { AppError } from '../runtime/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { packColumns, unpackColumns } from './columns.ts';
import type { VersionPart } from './store.ts';

/**
 * One version in one file, written and read as a stream:
 *
 * | what | how |
 * | --- | --- |
 * | `bookrec model archive` | a line |
 * | `{"format":1,"manifest":{...}}` | a line: the archive's format and the version's manifest |
 * | parts of the version | each a u32 length, little-endian, and a gzip stream of packed columns |
 * | 0 | u32: no more parts |
 * | `sha256 HEX` | a line: SHA-256 of all before it |
 *
 * gzip and not zstd, which Node 24 calls experimental: it costs 3 % of the size, and any tool reads it.
 */
const MAGIC = 'bookrec model archive\n';
const FORMAT = 1;
/** A manifest has about 5 kB. */
const MAX_HEAD = 1024 * 1024;
/** A part has a few MB; a length above this is none. */
const MAX_PART = 256 * 1024 * 1024;
const END_LINE = 'sha256 '.length + 64 + 1;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** An archive whose manifest has been read. */
export interface Archive {
  readonly manifest: Manifest;
  /** Ends only where the archive was whole and unchanged; else throws `ARCHIVE_DAMAGED`. */
  readonly parts: AsyncGenerator<VersionPart>;
}

/** The bytes of an archive, a part at a time. */
export async function* writeArchive(
  manifest: Manifest,
  parts: AsyncIterable<VersionPart>,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  const digested = (bytes: Uint8Array): Uint8Array => {
    digest.update(bytes);
    return bytes;
  };
  yield digested(Buffer.from(`${MAGIC}${JSON.stringify({ format: FORMAT, manifest })}\n`));
  for await (const part of parts) {
    const packed = await pack(packPart(part));
    yield digested(lengthOf(packed.length));
    yield digested(packed);
  }
  yield digested(lengthOf(0));
  yield Buffer.from(`sha256 ${digest.digest('hex')}\n`);
}

/**
 * Reads the manifest, and gives the parts. Throws `ARCHIVE_FOREIGN`, `ARCHIVE_TOO_NEW` and `ARCHIVE_DAMAGED`, and what
 * reading the source throws.
 */
export async function readArchive(source: AsyncIterable<Uint8Array>): Promise<Archive> {
  const reader = new ByteReader(source);
  const digest = createHash('sha256');
  const start = await reader.take(MAGIC.length);
  if (!MAGIC.startsWith(start.toString('latin1'))) throw foreign();
  const line = await headLine(reader);
  digest.update(start).update(line);
  return { manifest: manifestOf(line), parts: partsOf(reader, digest) };
}

/** The same for the same part, wherever it is from. */
export function packPart(part: VersionPart): Uint8Array {
  if (part.kind === 'artefact') return packColumns({ artefact: part.name, bytes: part.bytes });
  const { ids, records } = part;
  const lengths = Uint32Array.from(records, ({ length }) => length);
  return packColumns({ ids, lengths, records: Buffer.concat(records) });
}

function unpackPart(packed: Uint8Array): VersionPart {
  const columns = unpackColumns(packed);
  if (columns.names.includes('artefact')) {
    const name = z.string().parse(columns.json('artefact'));
    return { kind: 'artefact', name, bytes: columns.array('bytes', Uint8Array) };
  }
  const bytes = columns.array('records', Uint8Array);
  let end = 0;
  // Copies, since whoever keeps one record must not keep the whole part.
  const records = Array.from(columns.array('lengths', Uint32Array), (length) =>
    bytes.slice(end, (end += length)),
  );
  return { kind: 'readers', ids: columns.strings('ids'), records };
}

async function* partsOf(reader: ByteReader, digest: Hash): AsyncGenerator<VersionPart> {
  const take = async (count: number): Promise<Buffer> => {
    const bytes = await reader.take(count);
    if (bytes.length < count) throw cutShort();
    return bytes;
  };
  try {
    for (;;) {
      const head = await take(4);
      digest.update(head);
      const length = head.readUInt32LE();
      if (length === 0) break;
      if (length > MAX_PART) throw changed();
      const packed = await take(length);
      digest.update(packed);
      yield await partOf(packed);
    }
    const end = await take(END_LINE);
    if (end.toString('latin1') !== `sha256 ${digest.digest('hex')}\n`) throw changed();
    if ((await reader.take(1)).length > 0) throw damaged('goes on after its end');
  } finally {
    await reader.close();
  }
}

async function partOf(packed: Buffer): Promise<VersionPart> {
  try {
    return unpackPart(await unpack(packed, { maxOutputLength: MAX_PART }));
  } catch (cause) {
    throw changed(cause);
  }
}

/** The line with format and manifest, byte by byte from what the reader holds. */
async function headLine(reader: ByteReader): Promise<Buffer> {
  const bytes: number[] = [];
  while (bytes.at(-1) !== NEWLINE) {
    const [byte] = await reader.take(1);
    if (byte === undefined) throw cutShort();
    if (bytes.push(byte) > MAX_HEAD) throw changed();
  }
  return Buffer.from(bytes);
}

const NEWLINE = 0x0a;

const headSchema = z.object({ format: z.int(), manifest: z.looseObject({ format: z.int() }) });

function manifestOf(line: Buffer): Manifest {
  const head = headSchema.safeParse(jsonOf(line));
  if (!head.success) throw changed(head.error);
  const { format, manifest } = head.data;
  if (format > FORMAT || manifest.format > manifestSchema.shape.format.value) throw tooNew();
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) throw changed(parsed.error);
  return parsed.data;
}

/** Undefined where the text is not JSON. */
function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function lengthOf(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count);
  return bytes;
}

function foreign(): AppError {
  return new AppError(
    'ARCHIVE_FOREIGN',
    'This is not a model archive',
    'Give a file that `bookrec models export` has written, as it was written.',
  );
}

function tooNew(): AppError {
  return new AppError(
    'ARCHIVE_TOO_NEW',
    'The model archive was written by a newer release than this one',
    'Import it with that release or a newer one.',
  );
}

const cutShort = (): AppError => damaged('is cut short');
const changed = (cause?: unknown): AppError => damaged('has changed bytes', cause);

function damaged(what: string, cause?: unknown): AppError {
  return new AppError(
    'ARCHIVE_DAMAGED',
    `The model archive ${what}; nothing was published`,
    'Take another copy of it, or an older archive.',
    { cause },
  );
}
