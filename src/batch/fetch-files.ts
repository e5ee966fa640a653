import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BucketAccess, bucketFetch, reasonOf } from '../runtime/bucket.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

/** A file to download. */
interface Source {
  readonly url: URL;
  /** The last part of the path. */
  readonly name: string;
  /** SHA-256 in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A file as it was written. */
export interface FetchedFile {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Downloads `URL#sha256=CHECKSUM` into a folder, one after the other; a file is there under its name only once its
 * checksum has proved right. Throws `BAD_SETTINGS`, `DATA_NOT_FETCHED` and `DATA_CHECKSUM`.
 */
export async function fetchFiles(
  texts: readonly string[],
  folder: string,
  deps: BucketAccess,
  log: Log,
): Promise<FetchedFile[]> {
  const sources = texts.map(sourceOf);
  if (new Set(sources.map(({ name }) => name)).size < sources.length) {
    throw new AppError(
      'BAD_SETTINGS',
      'two files to download have the same name',
      'Give files whose addresses end in different names.',
    );
  }
  await mkdir(folder, { recursive: true });
  const files: FetchedFile[] = [];
  for (const source of sources) {
    const file = await fetchFile(source, folder, deps);
    log.info(file, 'downloaded');
    files.push(file);
  }
  return files;
}

function sourceOf(text: string): Source {
  const url = URL.parse(text);
  const [, sha256] = /^#sha256=([0-9a-f]{64})$/.exec(url?.hash ?? '') ?? [];
  const [, name] = /\/([\w.-]*\w)$/.exec(url?.pathname ?? '') ?? [];
  const known = url !== null && ['http:', 'https:', 's3:'].includes(url.protocol);
  if (!known || sha256 === undefined || name === undefined) {
    throw new AppError(
      'BAD_SETTINGS',
      `not the address of a file with its checksum: ${withoutQuery(text)}`,
      'Give http, https or s3 addresses that end in a name of a file and in #sha256= with 64 hexadecimal digits.',
    );
  }
  url.hash = '';
  return { url, name, sha256 };
}

/** Queries of signed addresses are secrets. */
const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '');

async function fetchFile(source: Source, folder: string, deps: BucketAccess): Promise<FetchedFile> {
  const { name } = source;
  const part = join(folder, `.${name}.part`);
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      await bodyOf(source, deps),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          digest.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(part),
      { signal: deps.signal },
    );
    const found = digest.digest('hex');
    if (found !== source.sha256) throw wrongChecksum(source, found);
    await rename(part, join(folder, name));
  } catch (cause) {
    await rm(part, { force: true });
    throw cause instanceof AppError ? cause : notFetched(source, reasonOf(cause), cause);
  }
  return { name, bytes };
}

async function bodyOf(source: Source, deps: BucketAccess): Promise<AsyncIterable<Uint8Array>> {
  const response =
    source.url.protocol === 's3:'
      ? await bucketFetch(source.url, deps)
      : await fetch(source.url, { signal: deps.signal });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw notFetched(source, `the server answered ${response.status}`);
  }
  return response.body;
}

function notFetched({ url }: Source, why: string, cause?: unknown): AppError {
  return new AppError(
    'DATA_NOT_FETCHED',
    `${withoutQuery(url.href)}: ${why}`,
    'Check the address, the credentials and that this machine reaches the server.',
    { cause },
  );
}

function wrongChecksum({ url, sha256 }: Source, found: string): AppError {
  return new AppError(
    'DATA_CHECKSUM',
    `${withoutQuery(url.href)}: SHA-256 is ${found}, expected ${sha256}`,
    'Give the checksum of the present file, or the address of the one that was meant.',
  );
}
