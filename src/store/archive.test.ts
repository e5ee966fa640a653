import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer as bytesOf } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { leftOut } from '../testing/left-out.ts';
import { hasRedisServer, startRedisServer } from '../testing/redis-server.ts';
import { publishSample, sampleManifest } from '../testing/sample-version.ts';
import {
  allIds,
  asNumbers,
  bytewise,
  HOSTILE_IDS,
  numbered,
  publishEmpty,
} from '../testing/store-cases.ts';
import { exportVersion, importVersion } from './archive.ts';
import { readArchive } from './archive-codec.ts';
import { readerKey } from './keys.ts';
import type { Kv } from './kv.ts';
import { openKv, openStore } from './open-store.ts';
import type { Store } from './store.ts';

/** What a test publishes under one name. */
interface Content {
  readonly ids: readonly string[];
  readonly blobs: ReadonlyArray<readonly [name: string, bytes: Uint8Array]>;
}

const redis = (await hasRedisServer()) ? await startRedisServer() : null;
if (redis === null) leftOut('model archives on Redis: there is no redis-server on the PATH');

let folder = '';
let urls: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bookrec-archive-'));
  const lmdb = (name: string): string => `lmdb:${join(folder, name)}`;
  urls = {
    'lmdb 1': lmdb('1'),
    'lmdb 2': lmdb('2'),
    ...(redis !== null && { 'redis 1': redis.url, 'redis 2': `${redis.url}/1` }),
  };
});

afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true });
});

async function publish(store: Store, version: string, { ids, blobs }: Content): Promise<void> {
  const writer = await store.begin(version);
  await writer.putReaders(ids.map((id, i) => [id, numbered(i)] as const));
  for (const [name, bytes] of blobs) await writer.putBlob(name, bytes);
  await writer.commit(sampleManifest(version, ids.length));
}

async function expectContent(
  store: Store,
  version: string,
  { ids, blobs }: Content,
): Promise<void> {
  expect(await store.manifest(version)).toEqual(sampleManifest(version, ids.length));
  expect(await allIds(store, version, 1000)).toEqual(bytewise(ids));
  for (const [i, id] of ids.entries()) {
    expect(asNumbers(await store.reader(version, id))).toEqual(asNumbers(numbered(i)));
  }
  for (const [name, bytes] of blobs) {
    expect(Buffer.compare((await store.blob(version, name)) ?? Buffer.of(1), bytes)).toBe(0);
  }
}

/** The bytes as a stream of pieces of `size`. */
async function* streamOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const ACTIVATE = { activate: true };
const DIRECTIONS = [
  { from: 'lmdb 1', to: 'lmdb 2' },
  ...(redis === null
    ? []
    : [
        { from: 'lmdb 1', to: 'redis 1' },
        { from: 'redis 1', to: 'lmdb 1' },
        { from: 'redis 1', to: 'redis 2' },
      ]),
];

describe.each(DIRECTIONS)('a model archive from $from to $to', ({ from, to }) => {
  let source: Store;
  let target: Store;

  beforeAll(async () => {
    source = await openStore(urls[from] ?? '');
    target = await openStore(urls[to] ?? '');
  });

  afterAll(async () => {
    await Promise.all([source.close(), target.close()]);
  });

  const move = async (version: string): Promise<void> => {
    const bytes = await bytesOf(exportVersion(source, version));
    const imported = await importVersion(target, streamOf(bytes), ACTIVATE);
    expect(imported).toEqual({ version, wasThere: false, live: true });
    expect((await bytesOf(exportVersion(target, version))).equals(bytes)).toBe(true);
  };

  it('brings ids of every kind and artefacts of every size', async () => {
    const version = `${from} ${to}:{*}`;
    const large = new Uint8Array(1_300_000).map((_, i) => (i * i) % 251);
    const blobs = [['model', large] as const, ['empty', new Uint8Array()] as const];
    const content = { ids: HOSTILE_IDS, blobs };
    await publish(source, version, content);
    await move(version);
    await expectContent(target, version, content);
    expect(await target.liveVersion()).toBe(version);
  });

  it('brings any version (property)', async () => {
    const id = fc.string({ unit: 'binary', maxLength: 60 });
    const ids = fc.uniqueArray(id, { maxLength: 600, size: 'max' });
    const blobs = fc.uniqueArray(fc.tuple(fc.string(), fc.uint8Array({ maxLength: 999 })), {
      selector: ([name]) => name,
      maxLength: 4,
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.record({ ids, blobs }), async (content) => {
        const version = `${from} ${to} ${number++}`;
        await publish(source, version, content);
        await move(version);
        await expectContent(target, version, content);
      }),
      { numRuns: 8 },
    );
  });
});

describe('a model archive', () => {
  let store: Store;
  let kv: Kv;
  let archive: Buffer;

  beforeAll(async () => {
    store = await openStore(urls['lmdb 1'] ?? '');
    kv = await openKv(urls['lmdb 1'] ?? '');
  });

  beforeEach(async () => {
    await kv.deletePrefix('bookrec:');
    await publishSample(store, 'old', ['8']);
    await publishSample(store, 'new', ['8', '9']);
    archive = await bytesOf(exportVersion(store, 'new'));
    await store.setLive('old');
    await store.deleteVersion('new');
  });

  afterAll(async () => {
    await Promise.all([store.close(), kv.close()]);
  });

  const importOf = (bytes: Uint8Array, activate = true) =>
    importVersion(store, streamOf(bytes), { activate });

  /** Nothing of a failed import stays, and the old version serves. */
  const expectUntouched = async (): Promise<void> => {
    expect(await store.liveVersion()).toBe('old');
    expect((await store.versions()).map(({ version }) => version)).toEqual(['old']);
    expect(await store.reader('new', '8')).toBeNull();
    expect(await kv.members('bookrec:versions')).toHaveLength(1);
  };

  const withHead = (head: object): Buffer =>
    Buffer.from(`bookrec model archive\n${JSON.stringify(head)}\n`);

  it('says what it is in its first two lines', () => {
    const [magic, head = ''] = archive.toString('latin1').split('\n');
    expect(magic).toBe('bookrec model archive');
    expect(JSON.parse(head)).toEqual({ format: 1, manifest: sampleManifest('new', 2) });
  });

  it('does not depend on how its bytes come in', async () => {
    const pieces = importVersion(store, streamOf(archive, 1), ACTIVATE);
    expect(await pieces).toMatchObject({ version: 'new' });
  });

  it('is refused wherever it is cut off, at every third byte', async () => {
    for (let length = 0; length < archive.length; length += 3) {
      await expect(wholeOf(archive.subarray(0, length))).rejects.toMatchObject({
        code: 'ARCHIVE_DAMAGED',
        message: expect.stringContaining('cut short') as string,
      });
    }
  });

  it('is refused whichever of its bytes has changed, every third of them', async () => {
    for (let at = 0; at < archive.length; at += 3) {
      const changed = Buffer.from(archive);
      changed[at] = (changed[at] ?? 0) ^ 0x15;
      await expect(wholeOf(changed)).rejects.toMatchObject({
        code: expect.stringMatching(/^ARCHIVE_(DAMAGED|FOREIGN|TOO_NEW)$/) as string,
      });
    }
  });

  it.each([
    { name: 'cut off', bytes: () => archive.subarray(0, -70), code: 'ARCHIVE_DAMAGED' },
    {
      name: 'without its last part',
      bytes: () => Buffer.concat([archive.subarray(0, archive.indexOf('sha256') - 4)]),
      code: 'ARCHIVE_DAMAGED',
    },
    {
      name: 'with another checksum',
      bytes: () => Buffer.concat([archive.subarray(0, -65), Buffer.from(`${'0'.repeat(64)}\n`)]),
      code: 'ARCHIVE_DAMAGED',
    },
    {
      name: 'that goes on after its end',
      bytes: () => Buffer.concat([archive, archive]),
      code: 'ARCHIVE_DAMAGED',
    },
    { name: 'of nothing', bytes: () => Buffer.of(), code: 'ARCHIVE_DAMAGED' },
    {
      name: 'that is some other file',
      bytes: () => Buffer.from('PK\x03\x04 and so on, for a while'),
      code: 'ARCHIVE_FOREIGN',
    },
    {
      name: 'of a newer format',
      bytes: () => withHead({ format: 2, manifest: { format: 1 } }),
      code: 'ARCHIVE_TOO_NEW',
    },
    {
      name: 'with records of a newer format',
      bytes: () => withHead({ format: 1, manifest: { format: 2 } }),
      code: 'ARCHIVE_TOO_NEW',
    },
  ])('publishes nothing and says $code: a file $name', async ({ bytes, code }) => {
    await expect(importOf(bytes())).rejects.toMatchObject({ code });
    await expectUntouched();
  });

  it('publishes nothing where reading fails on the way', async () => {
    const breaking = async function* (): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, archive.length - 100);
      throw new Error('the line is down');
    };
    await expect(importVersion(store, breaking(), ACTIVATE)).rejects.toThrow('the line is down');
    await expectUntouched();
  });

  it('is imported without going live', async () => {
    const imported = await importOf(archive, false);
    expect(imported).toEqual({ version: 'new', wasThere: false, live: false });
    expect(await store.liveVersion()).toBe('old');
    expect(await store.reader('new', '9')).not.toBeNull();
  });

  it('changes nothing where the same version is there, and can make it live', async () => {
    await importOf(archive, false);
    const again = await importOf(archive, false);
    expect(again).toEqual({ version: 'new', wasThere: true, live: false });
    expect(await importOf(archive)).toEqual({ version: 'new', wasThere: true, live: true });
  });

  it('is refused where the same version is there, but the archive is damaged', async () => {
    await importOf(archive, false);
    const code = 'ARCHIVE_DAMAGED';
    await expect(importOf(archive.subarray(0, -1))).rejects.toMatchObject({ code });
    expect(await store.liveVersion()).toBe('old');
  });

  it.each([
    { name: 'manifest', publishOther: () => publishEmpty(store, 'new', 3) },
    { name: 'list', publishOther: () => publishSample(store, 'new', ['8', '9'], [1, 2, 3, 4, 5]) },
  ])('is refused where the name has another $name', async ({ publishOther }) => {
    await publishOther();
    await store.setLive('old');
    await expect(importOf(archive)).rejects.toMatchObject({ code: 'VERSION_EXISTS' });
    expect(await store.liveVersion()).toBe('old');
  });

  it('waits for nobody who is writing that version', async () => {
    const writer = await store.begin('new');
    await expect(importOf(archive)).rejects.toMatchObject({
      code: 'VERSION_EXISTS',
      hint: expect.stringContaining('10 minutes') as string,
    });
    await writer.commit(sampleManifest('new', 0));
  });

  it('replaces what a killed import has left', async () => {
    const writer = await store.begin('new');
    await writer.putReaders([['left', numbered(1)]]);
    const later = await openStore(urls['lmdb 1'] ?? '', { now: () => Date.now() + 3_600_000 });
    expect(await importVersion(later, streamOf(archive), ACTIVATE)).toMatchObject({ live: true });
    expect(await later.reader('new', 'left')).toBeNull();
    await later.close();
  });

  it('cannot be made of a version that is not there, or of one with a broken record', async () => {
    const exported = (version: string) => bytesOf(exportVersion(store, version));
    await expect(exported('none')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    await kv.put(readerKey('old', '8'), Buffer.from('nonsense'));
    await expect(exported('old')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await kv.delete(readerKey('old', '8'));
    await expect(exported('old')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('never ends well where the version is deleted meanwhile', async () => {
    await importOf(archive, false);
    const chunks = exportVersion(store, 'new');
    for (let i = 0; i < 3; i++) await chunks.next();
    await store.deleteVersion('new');
    await expect(bytesOf(chunks)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });
});

/** Reads an archive to its end. */
async function wholeOf(bytes: Uint8Array): Promise<void> {
  const { parts } = await readArchive(streamOf(bytes));
  while ((await parts.next()).done !== true);
}
