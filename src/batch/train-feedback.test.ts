import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { BOOK_COUNTS_BLOB, decodeBookCounts } from '../store/book-counts-codec.ts';
import { CATALOGUE_BLOB, decodeCatalogue } from '../store/catalogue-codec.ts';
import { openStore } from '../store/open-store.ts';
import type { ReaderRecord, Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { train } from './train-run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-feedback-'));
const generated = generatedData();
const data = writeFiles(path.join(folder, 'data'), generated.files);
const users = [...new Set(generated.rows.map(({ user }) => user))];
const [keeps = '', erased = '', back = ''] = users;
const ratings = generated.rows.filter(({ value }) => value !== null);
const rowsOf = (user: string) => ratings.filter((row) => row.user === user);
/** Rated by `keeps` in the files, and by the others never. */
const [book = '', other = ''] = rowsOf(keeps).map(({ item }) => item);
const time = 1_767_225_600;

let store: Store;
let run: RunRecord;

function trainIn(target: Store, settings: Partial<Settings> = {}): Promise<RunRecord> {
  const { signal } = new AbortController();
  const deps = { store: target, log: pino({ level: 'silent' }), signal, clock: systemClock };
  return train(batchSettings({ data, publish: 'always', ...settings }), deps);
}

function say(reader: string, item: string, rating: number) {
  const once = { name: `${reader} ${item}`, request: '', seconds: 60 };
  return store.addFeedback([{ reader, book: item, rating, time }], once);
}

async function ratedBy(reader: string, version = run.version ?? ''): Promise<unknown> {
  const record: ReaderRecord | null = await store.reader(version, reader);
  if (record === null) return null;
  const { ids } = decodeCatalogue((await store.blob(version, CATALOGUE_BLOB)) ?? new Uint8Array());
  return Object.fromEntries(
    Array.from(record.ratedBook, (m, n) => [ids[m], record.ratedValue[n]] as const),
  );
}

beforeAll(async () => {
  store = await openStore(`lmdb:${path.join(folder, 'store')}`);
  await say(erased, book, 4);
  await say(back, book, 4);
  await store.eraseReader(erased, time);
  await store.eraseReader(back, time);
  await say(back, other, 3);
  await say('somebody new', book, 2);
  await say(keeps, book, 1);
  run = await trainIn(store);
});

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('a training', () => {
  it('takes what readers have said in place of what the files say, and learns of new readers', async () => {
    const own = Object.fromEntries(rowsOf(keeps).map(({ item, value }) => [item, value]));
    expect(await ratedBy(keeps)).toEqual({ ...own, [book]: 1 });
    expect(await ratedBy('somebody new')).toEqual({ [book]: 2 });
    expect((await store.manifest(run.version ?? ''))?.feedback).toBe(7);
  });

  it('leaves out who was erased, but for what they have said since', async () => {
    expect(await ratedBy(erased)).toBeNull();
    expect(await ratedBy(back)).toEqual({ [other]: 3 });
    const gone = rowsOf(erased).length + rowsOf(back).length;
    const all = run.data?.counts.ratings;
    expect(all).toBe(ratings.length - gone + 2);
    expect(run.data?.findings).toContainEqual(
      expect.objectContaining({ kind: 'erased-reader', action: 'set-aside' }),
    );
    expect(JSON.stringify(run)).not.toContain(erased);
  });

  it('knows what is read of late from feedback, where the files carry no times', async () => {
    const version = run.version ?? '';
    const blob = (name: string) => store.blob(version, name).then((b) => b ?? new Uint8Array());
    const { ids } = decodeCatalogue(await blob(CATALOGUE_BLOB));
    const { recent } = decodeBookCounts(await blob(BOOK_COUNTS_BLOB), ids.length, 10);
    const counted = ids.filter((_, m) => (recent?.[m] ?? 0) > 0);
    expect(counted.sort()).toEqual([book, other].sort());
  });

  it('leaves feedback alone where it is told to, and erased readers out all the same', async () => {
    const { version } = await trainIn(store, { feedback: 'no' });
    expect(await ratedBy('somebody new', version ?? '')).toBeNull();
    expect(await ratedBy(erased, version ?? '')).toBeNull();
    const own = Object.fromEntries(rowsOf(keeps).map(({ item, value }) => [item, value]));
    expect(await ratedBy(keeps, version ?? '')).toEqual(own);
  });
});
