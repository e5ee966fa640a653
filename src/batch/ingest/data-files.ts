import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../runtime/errors.ts';

/** A file of the data set. */
export interface DataFile {
  readonly path: string;
  /** As it is called in messages. */
  readonly name: string;
}

/** A file that is open for reading, with what its first bytes say. */
export interface OpenFile {
  readonly name: string;
  /** Size on disk. */
  readonly bytes: number;
  readonly gzip: boolean;
  /** Bytes of the file taken in so far, for progress. */
  readonly position: () => number;
  /** Unpacked contents without a byte order mark. */
  readonly chunks: AsyncGenerator<Buffer>;
}

const HINT = 'Give the file as CSV text, plain or gzipped.';

/** Data files of a directory by lower-case name without `.gz`; a plain file goes before a gzipped one. */
export async function listDataFiles(dir: string): Promise<Map<string, DataFile>> {
  let names: string[];
  try {
    names = (await readdir(dir)).sort();
  } catch (cause) {
    const isFile = await stat(dir).then(
      (found) => found.isFile(),
      () => false,
    );
    throw new AppError(
      'DATA_NOT_FOUND',
      isFile ? `${dir} is a file, not a directory` : `${dir} cannot be opened as a directory`,
      'Give --data the directory that holds the data files.',
      { cause },
    );
  }
  const files = new Map<string, DataFile>();
  for (const name of names) {
    const key = name.toLowerCase().replace(/\.gz$/, '');
    if (!files.has(key)) files.set(key, { path: join(dir, name), name });
  }
  return files;
}

function unreadable(name: string, what: string, cause?: unknown): AppError {
  return new AppError('DATA_UNREADABLE', `${name}: ${what}`, HINT, { cause });
}

/** What a file is that is not text, by its first bytes; null where it may be text. */
function foreignKind(head: Buffer): string | null {
  const magic = head.toString('latin1', 0, 5);
  if (magic.startsWith('%PDF')) return 'a PDF document';
  if (magic.startsWith('PK\u0003\u0004')) return 'a ZIP archive or a spreadsheet';
  if (magic.startsWith('\u00ff\u00fe') || magic.startsWith('\u00fe\u00ff')) return 'UTF-16 text';
  return head.includes(0) ? 'binary data' : null;
}

/** Passes chunks on without a byte order mark; throws `DATA_UNREADABLE` where the first is not text. */
export async function* textChunks(
  name: string,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of source) {
    const kind = first ? foreignKind(chunk) : null;
    if (kind !== null) throw unreadable(name, `line 1, column 1: this is ${kind}, not CSV text`);
    const bom = first && chunk.toString('latin1', 0, 3) === '\u00ef\u00bb\u00bf';
    first = false;
    if (chunk.length > 0) yield bom ? chunk.subarray(3) : chunk;
  }
}

/**
 * Opens a file for reading once; gzip is known by its first bytes, whatever the name says.
 * Throws `DATA_UNREADABLE`; reading the chunks may throw zlib's or the system's own errors.
 */
export async function openDataFile(file: DataFile): Promise<OpenFile> {
  const { name, path } = file;
  try {
    // Opening a pipe would wait for its other end.
    const found = await stat(path);
    if (!found.isFile()) throw unreadable(name, 'is a directory or a device, not a file');
    const handle = await open(path);
    const head = Buffer.alloc(2);
    await handle.read(head, 0, 2, 0);
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    const raw = handle.createReadStream({ start: 0, highWaterMark: 1 << 16 });
    // The error reaches whoever reads the unpacked stream.
    const unpacked = gzip
      ? pipeline(raw, createGunzip({ chunkSize: 1 << 17 }), () => undefined)
      : raw;
    const chunks = textChunks(name, unpacked as AsyncIterable<Buffer>);
    return { name, bytes: found.size, gzip, position: () => raw.bytesRead, chunks };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw unreadable(name, 'cannot be opened', cause);
  }
}
