import type { Manifest } from '../../src/contracts/manifest.ts';
import { seededRandom } from '../../src/model/random.ts';
import { CATALOGUE_BLOB, decodeCatalogue } from '../../src/store/catalogue-codec.ts';
import type { Store } from '../../src/store/store.ts';

const PAGE = 1000;

/** Manifest of the live version. */
export async function liveManifest(store: Store): Promise<Manifest> {
  const version = await store.liveVersion();
  const manifest = version === null ? null : await store.manifest(version);
  if (manifest === null) throw new Error(`no version is live in ${store.address}`);
  return manifest;
}

/** Pages of the ids of a version's readers. */
async function* idPages(store: Store, version: string): AsyncGenerator<string[]> {
  let after: string | null = null;
  for (;;) {
    const ids: string[] = await store.readerIds(version, { after, limit: PAGE });
    if (ids.length > 0) yield ids;
    if (ids.length < PAGE) return;
    after = ids.at(-1) ?? null;
  }
}

/** Ids of all readers of a version in a random order that is always the same. */
export async function shuffledIds(store: Store, version: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of idPages(store, version)) ids.push(...page);
  const random = seededRandom(1);
  const keyed = ids.map((id) => ({ id, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ id }) => id);
}

/** Bytes of an artefact of a version. */
export async function blobOf(store: Store, version: string, name: string): Promise<Uint8Array> {
  const bytes = await store.blob(version, name);
  if (bytes === null) throw new Error(`version ${version} has no ${name}`);
  return bytes;
}

/** Publishes the live version of one store in another. */
export async function copyLive(from: Store, to: Store): Promise<void> {
  const manifest = await liveManifest(from);
  const writer = await to.begin(manifest.version);
  for await (const part of from.parts(manifest.version)) await writer.putPart(part);
  await writer.commit(manifest);
  await to.setLive(manifest.version);
}

/** ISBN of a book of the live version. */
export async function firstBook(store: Store): Promise<string> {
  const { version } = await liveManifest(store);
  const [isbn] = decodeCatalogue(await blobOf(store, version, CATALOGUE_BLOB)).ids;
  if (isbn === undefined) throw new Error(`version ${version} has no book`);
  return isbn;
}
