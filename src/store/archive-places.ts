import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BucketAccess, bucketFetch, reasonOf } from '../runtime/bucket.ts';
import { AppError } from '../runtime/errors.ts';
import { uploadObject } from './bucket-upload.ts';

/** What places need: credentials for buckets, what stops a transfer, and the process's standard streams. */
export interface PlaceDeps extends BucketAccess {
  readonly input: Readable;
  /** Writes to standard output; resolves when there is room for more. */
  readonly output: (bytes: Uint8Array) => Promise<void>;
}

/** A file's path, `-` for the standard streams, or an address with its scheme. */
type Place =
  | { readonly kind: 'standard' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 's3' | 'http'; readonly url: URL };

function placeOf(text: string): Place {
  if (text === '-') return { kind: 'standard' };
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'file', path: text };
  const url = URL.parse(text);
  if (url?.protocol === 's3:' && /^\/.*[^/]$/.test(url.pathname)) return { kind: 's3', url };
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // `fetch` refuses addresses with a password, and repeats it when it says so.
  if (isHttp && url.username === '' && url.password === '') return { kind: 'http', url };
  throw badPlace(text, 'Give a file, - or s3://BUCKET/KEY; an import takes http and https too.');
}

/**
 * Writes a stream to a file, to `s3://BUCKET/KEY` or, for `-`, to standard output. A file or object is there under its
 * name only once it is whole, and stays as it was until then. Returns the bytes written. Throws `BAD_SETTINGS`,
 * `ARCHIVE_UNREACHABLE`, `CANCELLED`, and what `chunks` throws if that is an `AppError`.
 */
export async function writePlace(
  text: string,
  chunks: AsyncIterable<Uint8Array>,
  deps: PlaceDeps,
): Promise<number> {
  const place = placeOf(text);
  if (place.kind === 'http') {
    throw badPlace(text, 'Give a file, - or s3://BUCKET/KEY: an export cannot go to http.');
  }
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      deps.signal.throwIfAborted();
      yield chunk;
      bytes += chunk.length;
    }
  };
  try {
    if (place.kind === 's3') await uploadObject(place.url, counted(), deps);
    else if (place.kind === 'file') await writeFile(place.path, counted());
    else for await (const chunk of counted()) await deps.output(chunk);
  } catch (cause) {
    throw failure(text, cause, deps.signal);
  }
  return bytes;
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  // In the same folder, or the name could not be given to it at once.
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  try {
    await pipeline(chunks, createWriteStream(part, { flags: 'wx', flush: true }));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Reads a file, an http, https or `s3://BUCKET/KEY` address or, for `-`, standard input. Throws `BAD_SETTINGS`,
 * `ARCHIVE_UNREACHABLE` and `CANCELLED`.
 */
export async function* readPlace(text: string, deps: PlaceDeps): AsyncGenerator<Uint8Array> {
  const place = placeOf(text);
  try {
    if (place.kind === 'file') yield* createReadStream(place.path, { signal: deps.signal });
    else if (place.kind === 'standard') yield* addAbortSignal(deps.signal, deps.input);
    else yield* await download(place, deps);
  } catch (cause) {
    throw failure(text, cause, deps.signal);
  }
}

async function download(
  { kind, url }: { readonly kind: 's3' | 'http'; readonly url: URL },
  deps: PlaceDeps,
): Promise<AsyncIterable<Uint8Array>> {
  const response = await (kind === 's3'
    ? bucketFetch(url, deps)
    : fetch(url, { signal: deps.signal }));
  if (response.ok && response.body !== null) return response.body;
  await response.body?.cancel();
  throw new Error(`the server answered ${response.status}`);
}

/** Queries of signed addresses are secrets, and so are users and passwords before the host. */
const shown = (text: string): string =>
  text.replace(/[?#].*$/s, '').replace(/^([a-z0-9+.-]+:\/\/)[^/]*@/i, '$1');

function badPlace(text: string, hint: string): AppError {
  return new AppError('BAD_SETTINGS', `not a place for a model archive: ${shown(text)}`, hint);
}

function failure(text: string, cause: unknown, signal: AbortSignal): AppError {
  if (cause instanceof AppError) return cause;
  if (signal.aborted) {
    return new AppError('CANCELLED', 'Stopped before the end', 'Start it again.', { cause });
  }
  return new AppError(
    'ARCHIVE_UNREACHABLE',
    `${shown(text)}: ${reasonOf(cause)}`,
    'Check the address, the credentials, that this machine reaches it, and the room there.',
    { cause },
  );
}
