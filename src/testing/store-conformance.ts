import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blobChunkKey, LIVE_KEY, manifestKey, readerKey, versionPrefix } from '../store/keys.ts';
import type { Kv } from '../store/kv.ts';
import { openKv, openStore, type StoreOptions } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { RUNS_KEPT } from '../store/versioned-store.ts';
import { NAME_BLOB, PUBLISHED_READERS, publishNumbered } from './publisher.ts';
import { sampleManifest, sampleRecord } from './sample-version.ts';
import {
  allIds,
  asNumbers,
  bytewise,
  expectFrom,
  HOSTILE_IDS,
  numbered,
  publishEmpty,
  runOf,
} from './store-cases.ts';

/** A backend to test: an address that this test run may fill and empty. */
export interface Backend {
  readonly url: string;
  stop(): Promise<void>;
}

const PUBLISHER = fileURLToPath(new URL('publisher.ts', import.meta.url));
const LEASE = 60_000;
const DAY = 24 * 60 * 60 * 1000;

/** Registers the cases that every backend must pass. */
export function storeConformance(name: string, start: () => Promise<Backend>): void {
  describe(`store on ${name}`, () => {
    let backend: Backend;
    let kv: Kv;
    let store: Store;
    let opened: Store[];
    let children: ChildProcess[];

    const open = async (options: StoreOptions = {}): Promise<Store> => {
      const another = await openStore(backend.url, { leaseMilliseconds: LEASE, ...options });
      opened.push(another);
      return another;
    };
    const publisher = (...args: string[]): ChildProcess => {
      const child = fork(PUBLISHER, [backend.url, ...args], { execArgv: [] });
      children.push(child);
      return child;
    };
    const later = (ahead = DAY): Promise<Store> => open({ now: () => Date.now() + ahead });

    beforeAll(async () => {
      backend = await start();
      kv = await openKv(backend.url);
    });
    beforeEach(async () => {
      opened = [];
      children = [];
      await kv.deletePrefix('bookrec:');
      store = await open();
    });
    afterEach(async () => {
      for (const child of children) child.kill('SIGKILL');
      for (const each of opened) await each.close();
    });
    afterAll(async () => {
      await kv.close();
      await backend.stop();
    });

    it('is empty before the first version', async () => {
      await store.ping();
      expect(await store.liveVersion()).toBeNull();
      expect(await store.versions()).toEqual([]);
      expect(await store.manifest('1')).toBeNull();
      expect(await store.reader('1', '8')).toBeNull();
      expect(await store.readerIds('1', { after: null, limit: 10 })).toEqual([]);
      expect(await store.blob('1', 'model')).toBeNull();
      expect(await store.runs(10)).toEqual([]);
      expect(await store.run('r')).toBeNull();
    });

    it('gives back what was published, in another connection too', async () => {
      const blob = new Uint8Array(1_300_000).map((_, i) => i % 251);
      const writer = await store.begin('1');
      await writer.putReaders([['8', sampleRecord([3, 2, 1])]]);
      await writer.putBlob('model', blob);
      await writer.putBlob('nothing', new Uint8Array());
      await writer.commit(sampleManifest('1', 1));
      await store.setLive('1');

      const other = await open();
      expect(await other.liveVersion()).toBe('1');
      expect(await other.manifest('1')).toEqual(sampleManifest('1', 1));
      expect(asNumbers(await other.reader('1', '8'))).toEqual(asNumbers(sampleRecord([3, 2, 1])));
      expect(Buffer.compare((await other.blob('1', 'model')) ?? Buffer.of(), blob)).toBe(0);
      expect(await other.blob('1', 'nothing')).toEqual(new Uint8Array());
    });

    it('shows nothing of a version before it is committed', async () => {
      const writer = await store.begin('1');
      await writer.putReaders([['8', sampleRecord([1])]]);
      expect(await store.versions()).toEqual([]);
      expect(await store.manifest('1')).toBeNull();
      await expect(store.setLive('1')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
      expect(await store.liveVersion()).toBeNull();
    });

    it('leaves nothing of an aborted version', async () => {
      const writer = await store.begin('1');
      await writer.putReaders([['8', sampleRecord([1])]]);
      await writer.putBlob('model', Buffer.from('x'));
      await writer.abort();
      expect(await store.reader('1', '8')).toBeNull();
      expect(await store.blob('1', 'model')).toBeNull();
      expect(await (await later()).prune(0)).toEqual([]);
      await expect(writer.putBlob('model', Buffer.of())).rejects.toMatchObject({
        code: 'INTERNAL',
      });
    });

    it('refuses a version that is there or being written', async () => {
      await publishNumbered(store, '1');
      await store.begin('2');
      await expect(store.begin('1')).rejects.toMatchObject({ code: 'VERSION_EXISTS' });
      await expect(store.begin('2')).rejects.toMatchObject({ code: 'VERSION_EXISTS' });
    });

    it('refuses a manifest of another version', async () => {
      const writer = await store.begin('1');
      await expect(writer.commit(sampleManifest('2', 0))).rejects.toMatchObject({
        code: 'INTERNAL',
      });
      expect(await store.versions()).toEqual([]);
    });

    it('does not commit what does not read back', async () => {
      const writer = await store.begin('1');
      await writer.putReaders([['8', sampleRecord([1])]]);
      await kv.put(readerKey('1', '8'), Buffer.from('else'));
      await expect(writer.commit(sampleManifest('1', 1))).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
      });
      expect(await store.versions()).toEqual([]);
    });

    it('rolls back and refuses to delete the live version', async () => {
      await publishNumbered(store, '1');
      await publishNumbered(store, '2');
      await store.setLive('1');
      expect(await store.liveVersion()).toBe('1');
      await expect(store.deleteVersion('1')).rejects.toMatchObject({ code: 'VERSION_IS_LIVE' });
      expect(await store.reader('1', '8')).not.toBeNull();
      await store.deleteVersion('2');
      expect(await store.reader('2', '8')).toBeNull();
      await expect(store.deleteVersion('2')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
      await expect(store.setLive('2')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
    });

    it('deletes no version whose name starts like that of the deleted one', async () => {
      for (const version of ['1', '11', '1:1']) await publishEmpty(store, version, 1);
      await store.deleteVersion('1');
      expect((await store.versions()).map(({ version }) => version).sort()).toEqual(['11', '1:1']);
      expect(await store.readerIds('1:1', { after: null, limit: 1 })).toEqual(['8']);
    });

    it('lists versions newest first and prunes the oldest, never the live one', async () => {
      for (const version of ['1', '2', '3', '4'])
        await publishEmpty(store, version, Number(version));
      await store.setLive('1');
      const names = async () => (await store.versions()).map(({ version }) => version);
      expect(await names()).toEqual(['4', '3', '2', '1']);
      expect((await store.prune(2)).sort()).toEqual(['2']);
      expect(await names()).toEqual(['4', '3', '1']);
      expect((await store.prune(0)).sort()).toEqual(['3', '4']);
      expect(await names()).toEqual(['1']);
    });

    it('prunes a version left behind, but not one that is being written', async () => {
      const writer = await store.begin('1');
      await writer.putReaders([['8', sampleRecord([1])]]);
      expect(await store.prune(0)).toEqual([]);
      expect(await store.reader('1', '8')).not.toBeNull();
      expect(await (await later()).prune(0)).toEqual(['1']);
      expect(await store.reader('1', '8')).toBeNull();
      await expect(writer.commit(sampleManifest('1', 1))).rejects.toMatchObject({
        code: 'VERSION_NOT_FOUND',
      });
      expect(await store.versions()).toEqual([]);
    });

    it('a writer that goes on writing is never taken for left behind', async () => {
      let now = Date.now();
      const clocked = await open({ now: () => now });
      const writer = await clocked.begin('1');
      for (let i = 0; i < 10; i++) {
        now += LEASE / 2;
        expect(await clocked.prune(0)).toEqual([]);
        await writer.putReaders([[String(i), sampleRecord([1])]]);
      }
      await writer.commit(sampleManifest('1', 10));
      expect(await clocked.readerIds('1', { after: null, limit: 20 })).toHaveLength(10);
    });

    it('takes over a version that was left behind', async () => {
      const writer = await store.begin('1');
      await writer.putReaders([['old', sampleRecord([1])]]);
      await publishNumbered(await later(), '1');
      expect(await store.reader('1', 'old')).toBeNull();
      expect(await store.reader('1', '8')).not.toBeNull();
    });

    it('keeps hostile ids apart and lists them in bytewise order', async () => {
      const ids = [...HOSTILE_IDS];
      const writer = await store.begin(':{1}*');
      await writer.putReaders(ids.map((id, i) => [id, numbered(i)] as const));
      await writer.commit(sampleManifest(':{1}*', ids.length));
      for (const [i, id] of ids.entries()) {
        expect((await store.reader(':{1}*', id))?.ratedBook).toEqual(Uint32Array.of(i));
      }
      expect(await allIds(store, ':{1}*', 3)).toEqual(bytewise(ids));
      expect(await store.reader(':{1}*', '\ud83d')).toBeNull();
      await expect(
        (await store.begin('2')).putReaders([['\ud83d', numbered(1)]]),
      ).rejects.toMatchObject({
        code: 'BAD_REQUEST',
      });
    });

    it('keeps any ids apart (property)', async () => {
      const id = fc.string({ unit: 'binary', maxLength: 300 });
      const plan = fc.uniqueArray(id, { minLength: 1, maxLength: 30 });
      let version = 0;
      await fc.assert(
        fc.asyncProperty(plan, fc.integer({ min: 1, max: 40 }), async (ids, limit) => {
          const name = String(version++);
          const writer = await store.begin(name);
          await writer.putReaders(ids.map((each, i) => [each, numbered(i)] as const));
          await writer.commit(sampleManifest(name, ids.length));
          for (const [i, each] of ids.entries()) {
            expect((await store.reader(name, each))?.ratedBook).toEqual(Uint32Array.of(i));
          }
          expect(await allIds(store, name, limit)).toEqual(bytewise(ids));
        }),
        { numRuns: 10 },
      );
    });

    it('pages through many ids from any place', async () => {
      const ids = Array.from({ length: 2500 }, (_, i) => String(i * 7));
      const writer = await store.begin('1');
      for (let from = 0; from < ids.length; from += 700) {
        await writer.putReaders(
          ids.slice(from, from + 700).map((id) => [id, numbered(1)] as const),
        );
      }
      await writer.putReaders([['7', numbered(2)]]);
      await writer.commit(sampleManifest('1', ids.length));
      const sorted = bytewise(ids);
      expect(await allIds(store, '1', 999)).toEqual(sorted);
      const at = async (after: string) => store.readerIds('1', { after, limit: 2 });
      expect(await at('absent')).toEqual([]);
      expect(await at('')).toEqual(sorted.slice(0, 2));
      expect(await at(sorted[999] ?? '')).toEqual(sorted.slice(1000, 1002));
      expect(await at(`${sorted[1500] ?? ''}!`)).toEqual(sorted.slice(1501, 1503));
      expect(await store.readerIds('1', { after: null, limit: 0 })).toEqual([]);
    });

    it('names what was changed behind its back', async () => {
      await publishNumbered(store, '1');
      await kv.put(readerKey('1', '8'), Buffer.from('nonsense'));
      await kv.put(blobChunkKey(versionPrefix('1'), NAME_BLOB, 0), Buffer.alloc(1000, '2'));
      const corrupt = { code: 'STORE_CORRUPT' };
      await expect(store.reader('1', '8')).rejects.toMatchObject(corrupt);
      await expect(store.blob('1', NAME_BLOB)).rejects.toMatchObject(corrupt);
      await kv.delete(blobChunkKey(versionPrefix('1'), NAME_BLOB, 0));
      await expect(store.blob('1', NAME_BLOB)).rejects.toMatchObject(corrupt);
      await kv.put(manifestKey('1'), Buffer.from('{"format":2}'));
      await expect(store.manifest('1')).rejects.toMatchObject(corrupt);
      await expect(store.setLive('1')).rejects.toMatchObject(corrupt);
    });

    it('goes on beside a manifest that it cannot read, and prunes it unless it is live', async () => {
      await publishNumbered(store, '1');
      await publishNumbered(store, '2');
      await kv.put(manifestKey('1'), Buffer.from('{"format":2}'));
      await kv.put(manifestKey('2'), Buffer.from('{"format":2}'));
      expect(await store.versions()).toEqual([]);
      expect(await (await later()).prune(5)).toEqual(['1']);
      expect(await store.reader('2', '8')).not.toBeNull();
    });

    it('keeps the last checkpoint of each training for a week', async () => {
      await store.putCheckpoint('a:b', Buffer.alloc(700_000, 1));
      await store.putCheckpoint('a:b', Buffer.from('second'));
      expect(Buffer.from((await store.checkpoint('a:b')) ?? []).toString()).toBe('second');
      expect(await store.checkpoint('other')).toBeNull();
      await store.prune(1);
      expect(await store.checkpoint('a:b')).not.toBeNull();
      await (await later(8 * DAY)).prune(1);
      expect(await store.checkpoint('a:b')).toBeNull();
    });

    it('keeps runs and lists them newest first', async () => {
      for (const day of [2, 1, 3]) await store.putRun(runOf(`run:${day}`, day));
      await store.putRun({ ...runOf('run:1', 1), state: 'succeeded' });
      expect((await store.runs(2)).map(({ id }) => id)).toEqual(['run:3', 'run:2']);
      expect(await store.runs(10)).toHaveLength(3);
      expect((await store.runs(1, 'run:3')).map(({ id }) => id)).toEqual(['run:2']);
      expect((await store.runs(10, 'run:2')).map(({ id }) => id)).toEqual(['run:1']);
      expect(await store.runs(10, 'run:1')).toEqual([]);
      expect(await store.runs(10, 'unknown')).toEqual([]);
      expect((await store.run('run:1'))?.state).toBe('succeeded');
    });

    it('forgets the oldest runs when one ends', async () => {
      for (let day = 0; day < RUNS_KEPT + 2; day++) await store.putRun(runOf(`run:${day}`, day));
      expect(await store.runs(1000)).toHaveLength(RUNS_KEPT + 2);
      const last = runOf(`run:${RUNS_KEPT + 2}`, RUNS_KEPT + 2);
      await store.putRun({ ...last, state: 'succeeded', finishedAt: last.updatedAt });
      const kept = await store.runs(1000);
      expect(kept).toHaveLength(RUNS_KEPT);
      expect(kept.at(-1)?.id).toBe('run:3');
      expect(await store.run('run:2')).toBeNull();
    });

    it('gives a run that fell silent as lost, until it is written again', async () => {
      const run = { ...runOf('run:1', 1), updatedAt: new Date().toISOString() };
      await store.putRun(run);
      expect(await store.run('run:1')).toEqual(run);
      const after = await later();
      const lost = { state: 'lost', finishedAt: run.updatedAt, error: { code: 'CANCELLED' } };
      expect(await after.run('run:1')).toMatchObject(lost);
      expect(await after.runs(1)).toMatchObject([lost]);
      const ended = { ...run, state: 'succeeded' as const };
      await store.putRun(ended);
      expect(await after.run('run:1')).toEqual(ended);
    });

    it('keeps the old version whole when a publish is killed', async () => {
      await publishNumbered(store, '1');
      const child = publisher('endless', '2');
      for (let i = 0; i < 3; i++) await once(child, 'message');
      child.kill('SIGKILL');
      await once(child, 'exit');

      const fresh = await open();
      expect(await fresh.liveVersion()).toBe('1');
      expect((await fresh.versions()).map(({ version }) => version)).toEqual(['1']);
      for (const id of await allIds(fresh, '1', 1000)) await expectFrom(fresh, '1', id);
      expect(await fresh.reader('2', '8')).not.toBeNull();
      expect(await fresh.prune(5)).toEqual([]);
      expect(await (await later()).prune(5)).toEqual(['2']);
      expect(await fresh.reader('2', '8')).toBeNull();
      expect(await fresh.blob('2', NAME_BLOB)).toBeNull();
      await publishNumbered(fresh, '2');
      expect(await fresh.liveVersion()).toBe('2');
    });

    it('never mixes versions while another process flips the pointer', async () => {
      await publishNumbered(store, '1');
      const child = publisher('whole', '2', '3', '4', '5');
      const state = { ended: false };
      const exit = once(child, 'exit').then(([code]: unknown[]) => {
        state.ended = true;
        return code;
      });
      const seen = new Set<string>();
      for (let i = 0; !state.ended; i++) {
        const live = (await store.liveVersion()) ?? '';
        seen.add(live);
        await expectFrom(store, live, String(i % PUBLISHED_READERS));
        const name = await store.blob(live, NAME_BLOB);
        expect(Buffer.from(name ?? []).toString()).toBe(live.repeat(1000));
        // Reading from LMDB takes no turn of the event loop, which the child's messages need.
        await new Promise(setImmediate);
      }
      expect(await exit).toBe(0);
      expect(await store.liveVersion()).toBe('5');
      expect(seen.size).toBeGreaterThan(1);
    });

    it('reports a closed store as unavailable', async () => {
      const other = await open();
      await other.close();
      await other.close();
      await expect(other.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(other.liveVersion()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await store.ping();
    });

    it('has one key for the pointer', async () => {
      await publishNumbered(store, '1');
      expect(Buffer.from((await kv.get(LIVE_KEY)) ?? []).toString()).toBe('1');
    });
  });
}
