import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../contracts/manifest.ts';
import { AppError } from '../runtime/errors.ts';
import { type Archive, packPart, readArchive, writeArchive } from './archive-codec.ts';
import type { Store, VersionPart } from './store.ts';

/** How an import ended. */
export interface Imported {
  readonly version: string;
  /** Whether the version was there already, with the same content. */
  readonly wasThere: boolean;
  /** Whether it is the live version now. */
  readonly live: boolean;
}

/** The bytes of the archive of a complete version. Throws `VERSION_NOT_FOUND` and what `Store.parts` throws. */
export async function* exportVersion(store: Store, version: string): AsyncGenerator<Uint8Array> {
  const manifest = await store.manifest(version);
  if (manifest === null) {
    throw new AppError(
      'VERSION_NOT_FOUND',
      `There is no version ${version}`,
      'See `bookrec models list`.',
    );
  }
  yield* writeArchive(manifest, store.parts(version));
}

/**
 * Publishes the version of an archive under its own name: as a training does, whole and read back before it can be
 * seen, and live only after that (not at all where `activate` is false). A version that is there already with the
 * same content is left as it is; with another one it is `VERSION_EXISTS`. Throws what `readArchive` and the store throw;
 * then nothing of it stays.
 */
export async function importVersion(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  { activate }: { readonly activate: boolean },
): Promise<Imported> {
  const archive = await readArchive(source);
  const { version } = archive.manifest;
  const there = await store.manifest(version);
  if (there === null) await publish(store, archive);
  else await requireSame(store, archive, there);
  if (activate) await store.setLive(version);
  const live = (await store.liveVersion()) === version;
  return { version, wasThere: there !== null, live };
}

async function publish(store: Store, { manifest, parts }: Archive): Promise<void> {
  const writer = await begin(store, manifest.version);
  try {
    for await (const part of parts) await writer.putPart(part);
    await writer.commit(withoutFeedback(manifest));
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Feedback is numbered by each store for itself: an imported version has read none of this one's. */
function withoutFeedback({ feedback: _, ...manifest }: Manifest): Manifest {
  return manifest;
}

async function begin(store: Store, version: string) {
  try {
    return await store.begin(version);
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'VERSION_EXISTS') throw cause;
    throw new AppError(
      'VERSION_EXISTS',
      `Version ${version} is being written, or was when its writer was killed`,
      'Wait for it; what a killed writer has left can be replaced 10 minutes later.',
      { cause },
    );
  }
}

async function requireSame(store: Store, archive: Archive, there: Manifest): Promise<void> {
  const { version } = there;
  // The archive first: it must be whole before its content says anything.
  const given = await digestOf(archive.parts);
  const same =
    isDeepStrictEqual(withoutFeedback(archive.manifest), withoutFeedback(there)) &&
    given === (await digestOf(store.parts(version)));
  if (same) return;
  throw new AppError(
    'VERSION_EXISTS',
    `The store has another version under the name ${version}`,
    'Delete that one first (`bookrec models delete`), or leave it.',
  );
}

async function digestOf(parts: AsyncIterable<VersionPart>): Promise<string> {
  const digest = createHash('sha256');
  for await (const part of parts) digest.update(packPart(part));
  return digest.digest('hex');
}
