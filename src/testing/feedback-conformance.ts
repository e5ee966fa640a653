import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { feedbackKey, readerKey } from '../store/keys.ts';
import type { Kv } from '../store/kv.ts';
import { openKv, openStore } from '../store/open-store.ts';
import type { FeedbackRow, ReaderFeedback } from '../store/reader-feedback.ts';
import type { Store } from '../store/store.ts';
import { sampleManifest, sampleRecord } from './sample-version.ts';
import { allIds, HOSTILE_IDS } from './store-cases.ts';
import type { Backend } from './store-conformance.ts';

const row = (reader: string, book: string, rating: number, time = 1_700_000_000): FeedbackRow => ({
  reader,
  book,
  rating,
  time,
});
async function collected<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of from) all.push(each);
  return all;
}

let names = 0;
const once = (request = 'x') => ({ name: `request ${String(names++)}`, request, seconds: 60 });

/** Registers the cases about feedback that every backend must pass. */
export function feedbackConformance(name: string, start: () => Promise<Backend>): void {
  describe(`feedback on ${name}`, () => {
    let backend: Backend;
    let kv: Kv;
    let store: Store;
    let other: Store;

    beforeAll(async () => {
      backend = await start();
      kv = await openKv(backend.url);
      store = await openStore(backend.url);
      other = await openStore(backend.url);
    });
    beforeEach(() => kv.deletePrefix('bookrec:'));
    afterAll(async () => {
      for (const each of [kv, store, other]) await each.close();
      await backend.stop();
    });

    const all = async (): Promise<ReaderFeedback[]> => {
      const found = await collected(other.allFeedback());
      return found.sort((a, b) => (a.reader < b.reader ? -1 : 1));
    };
    const publish = async (version: string, ids: readonly string[], feedback?: number) => {
      const writer = await store.begin(version);
      await writer.putReaders(ids.map((id) => [id, sampleRecord([1])] as const));
      const manifest = sampleManifest(version, ids.length);
      await writer.commit(feedback === undefined ? manifest : { ...manifest, feedback });
    };

    it('keeps what readers say, for every process, under numbers that rise', async () => {
      expect(await store.feedback('8')).toBeNull();
      expect(await store.feedbackRevision()).toBe(0);
      expect(await all()).toEqual([]);
      const rows = [row('8', 'a', 9), row('9', 'b', 3), row('8', 'c', 1)];
      expect(await store.addFeedback(rows, once())).toEqual({ revision: 1, earlier: null });
      expect(await other.addFeedback([row('8', 'a', 2)], once())).toMatchObject({ revision: 2 });
      expect(await other.feedback('8')).toEqual({
        reader: '8',
        revision: 2,
        erased: null,
        ratings: [
          { ...row('8', 'a', 9), number: 1 },
          { ...row('8', 'c', 1), number: 1 },
          { ...row('8', 'a', 2), number: 2 },
        ],
      });
      expect((await all()).map(({ reader, revision }) => [reader, revision])).toEqual([
        ['8', 2],
        ['9', 1],
      ]);
      expect(await store.feedbackRevision()).toBe(2);
    });

    it('loses nothing of what many say at once', async () => {
      const said = Array.from({ length: 60 }, (_, i) => {
        const by = i % 2 === 0 ? store : other;
        return by.addFeedback([row('8', String(i), 5), row(String(i % 3), 'b', 5)], once());
      });
      const numbers = (await Promise.all(said)).map(({ revision }) => revision);
      expect(new Set(numbers).size).toBe(60);
      const kept = (await store.feedback('8'))?.ratings ?? [];
      expect(new Set(kept.map(({ book }) => book)).size).toBe(60);
    });

    it('carries out a request once under its name', async () => {
      const under = { name: 'a key: {x}*', request: 'the first', seconds: 60 };
      expect(await store.addFeedback([row('8', 'a', 9)], under)).toMatchObject({ earlier: null });
      await store.addFeedback([row('8', 'a', 2)], once());
      const again = await other.addFeedback([row('8', 'a', 9)], {
        ...under,
        request: 'the second',
      });
      expect(again).toEqual({ revision: 1, earlier: 'the first' });
      expect((await store.feedback('8'))?.ratings).toHaveLength(2);
    });

    it('forgets the name after its time', async () => {
      const under = { name: 'short', request: 'x', seconds: 1 };
      await store.addFeedback([row('8', 'a', 9)], under);
      const again = () => store.addFeedback([row('8', 'a', 9)], under);
      await expect.poll(again, { timeout: 5000 }).toMatchObject({ earlier: null });
    });

    it('keeps hostile ids apart', async () => {
      for (const [i, id] of HOSTILE_IDS.entries()) {
        await store.addFeedback([row(id, String(i), 5)], once());
      }
      for (const [i, id] of HOSTILE_IDS.entries()) {
        expect(await store.feedback(id)).toMatchObject({
          reader: id,
          ratings: [{ book: String(i) }],
        });
      }
      expect(await store.feedback('\ud83d')).toBeNull();
      expect(await all()).toHaveLength(HOSTILE_IDS.length);
    });

    it('erases a reader from feedback and all versions, and leaves the mark alone', async () => {
      await publish('1', ['7', '8', '9']);
      await publish('2', ['8']);
      await publish('3', ['9']);
      await store.addFeedback([row('8', 'a', 9), row('8', 'b', 9), row('9', 'a', 9)], once());
      expect(await store.eraseReader('8', 1_700_000_001)).toEqual({
        revision: 2,
        feedback: 2,
        versions: ['1', '2'],
      });
      expect(await other.reader('1', '8')).toBeNull();
      expect(await other.feedback('8')).toMatchObject({ revision: 2, erased: 2, ratings: [] });
      expect(await allIds(other, '1', 1)).toEqual(['7', '9']);
      expect(await allIds(other, '2', 10)).toEqual([]);
      expect(await other.feedback('9')).toMatchObject({ erased: null, ratings: [{}] });
      for (const version of ['1', '2', '3']) await collected(other.parts(version));
      // What the reader says from then on counts.
      await store.addFeedback([row('8', 'c', 3, 1_700_000_002)], once());
      // What was said before and comes again does not.
      await store.addFeedback([row('8', 'd', 3)], once());
      expect(await other.feedback('8')).toMatchObject({
        revision: 4,
        erased: 2,
        ratings: [{ book: 'c' }],
      });
    });

    it('does not publish an erased reader whom the training knew, and does one who came back', async () => {
      const { revision } = await store.eraseReader('8', 1_700_000_001);
      await publish('before', ['7', '8'], revision - 1);
      expect(await other.reader('before', '8')).toBeNull();
      expect(await allIds(other, 'before', 10)).toEqual(['7']);
      await publish('after', ['7', '8'], revision);
      expect(await other.reader('after', '8')).not.toBeNull();
      expect(await allIds(other, 'after', 10)).toEqual(['7', '8']);
    });

    it('leaves an erased reader out of lists and archives where the removal was lost', async () => {
      await publish('1', ['7', '8', '9']);
      await store.eraseReader('8', 1_700_000_001);
      await publish('2', ['7', '8', '9'], 1);
      // As if another removal had written the page back.
      const stale = await openKv(backend.url);
      for await (const keys of stale.keysWith('bookrec:m:2:ids')) {
        for (const key of keys) {
          const value = await stale.get(key);
          if (value !== null) await stale.put(key.replace(':m:2:', ':m:1:'), value);
        }
      }
      await stale.close();
      expect(await kv.get(readerKey('1', '8'))).toBeNull();
      expect(await allIds(other, '1', 1)).toEqual(['7', '9']);
      const parts = await collected(other.parts('1'));
      expect(parts.flatMap((part) => (part.kind === 'readers' ? part.ids : []))).toEqual([
        '7',
        '9',
      ]);
    });

    it('names feedback that was changed behind its back', async () => {
      for (const text of ['nonsense', '1 {"u":"8"}', '{"u":"8","b":"a","r":1,"t":1}']) {
        await kv.put(feedbackKey('8'), Buffer.from(text));
        await expect(store.feedback('8')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      }
    });
  });
}
