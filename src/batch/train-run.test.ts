import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { figuresOf, type RunRecord, summarySchema } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import type { Policy } from '../contracts/policies.ts';
import { DEFAULT_CHOICE, type Recommender } from '../model/recommender.ts';
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import { CATALOGUE_BLOB, type Catalogue } from '../store/catalogue-codec.ts';
import { packColumns } from '../store/columns.ts';
import { MODEL_BLOB, versionCodec } from '../store/model-codec.ts';
import { openStore } from '../store/open-store.ts';
import type { ReaderRecord, Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { type RunDeps, train } from './train-run.ts';

const PHASES = ['ingest', 'train', 'evaluate', 'gate', 'refit', 'recommend', 'publish'];

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-train-'));
const generated = generatedData();
const data = writeFiles(path.join(folder, 'data'), generated.files);
const userIds = [...new Set(generated.rows.map(({ user }) => user)), generated.silentReader];

let stores = 0;
/** A store with the version `live` of a training at the default settings of these tests. */
let store: Store;
let live: string;

beforeAll(async () => {
  store = await newStore();
  const { version } = await trainIn(store);
  live = version ?? '';
});

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function newStore(): Promise<Store> {
  const address = `lmdb:${path.join(folder, `store-${stores++}`)}`;
  // on the clock of the trainings, whose runs have otherwise fallen silent long ago
  return openStore(address, { now: () => START });
}

async function ownStore(): Promise<Store> {
  const own = await newStore();
  onTestFinished(() => own.close());
  return own;
}

/** A store of its own with the version `live`, live. */
async function storeWithLive(): Promise<Store> {
  const own = await ownStore();
  const manifest = await store.manifest(live);
  if (manifest === null) throw new Error('no manifest');
  const writer = await own.begin(live);
  for await (const part of store.parts(live)) await writer.putPart(part);
  await writer.commit(manifest);
  await own.setLive(live);
  return own;
}

const START = Date.UTC(2026, 0, 1);
let trainings = 0;

/** Each training starts a minute after the last; each look at the clock takes a second. */
function slowClock(): Clock {
  const start = START + 60_000 * trainings++;
  let seconds = 0;
  return { now: () => new Date(start), seconds: () => seconds++ };
}

function trainIn(
  target: Store,
  settings: Partial<Settings> = {},
  own: Partial<RunDeps> = {},
): Promise<RunRecord> {
  const { signal } = new AbortController();
  const log = pino({ level: 'silent' });
  const deps = { store: target, log, signal, clock: slowClock(), ...own };
  return train(batchSettings({ data, warmStart: 'none', ...settings }), deps);
}

async function readerOf(from: Store, version: string, id: string): Promise<ReaderRecord> {
  const record = await from.reader(version, id);
  if (record === null) throw new Error(`no record of ${id}`);
  return record;
}

async function listsOf(from: Store, version: string | null): Promise<Map<string, number[]>> {
  const lists = new Map<string, number[]>();
  for (const id of userIds) {
    lists.set(id, [...(await readerOf(from, version ?? '', id)).list.book]);
  }
  return lists;
}

async function loaded(
  from: Store,
  version: string,
): Promise<{ recommender: Recommender; catalogue: Catalogue }> {
  const model = await from.blob(version, MODEL_BLOB);
  const catalogue = await from.blob(version, CATALOGUE_BLOB);
  if (model === null || catalogue === null) throw new Error('a blob is missing');
  return {
    recommender: versionCodec.model(model),
    catalogue: versionCodec.catalogue(catalogue),
  };
}

/** Ids of books that the reader has rated or met. */
function metBy(user: string): Set<string> {
  return new Set(generated.rows.filter((row) => row.user === user).map(({ item }) => item));
}

describe('the published version', () => {
  it('is live, with a manifest that counts what was read', async () => {
    expect(await store.liveVersion()).toBe(live);
    const ratings = generated.rows.filter(({ value }) => value !== null).length;
    expect(await store.manifest(live)).toMatchObject({
      version: live,
      dataset: 'generic',
      counts: {
        readers: userIds.length,
        books: 160,
        listedBooks: 160 - generated.unlisted.length,
        ratings,
        interactions: generated.rows.length - ratings,
      },
      listLength: 20,
      policy: 'balanced',
    });
  });

  it('beats the baselines on rows that it did not learn from, clear of chance', async () => {
    const { metrics } = (await store.manifest(live)) ?? {};
    expect(metrics?.model.rmse).toBeLessThan(metrics?.baselines.bias.rmse ?? 0);
    expect(metrics?.differences.rmseVsBias.high).toBeLessThan(0);
  });

  it('has for every reader the list that its model gives to what is stored of the reader', async () => {
    const { recommender } = await loaded(store, live);
    for (const id of userIds) {
      const record = await readerOf(store, live, id);
      const now = recommender.recommend(record, 20);
      expect([...record.list.book]).toEqual([...now.book]);
      for (const column of ['mean', 'low', 'high', 'sdReader', 'sdBook', 'sdNoise'] as const) {
        now[column].forEach((value, place) => {
          expect(record.list[column][place]).toBeCloseTo(value, 3);
        });
      }
    }
  });

  it('lists listed books alone, none that the reader has rated or met, each once', async () => {
    const { catalogue } = await loaded(store, live);
    for (const [id, books] of await listsOf(store, live)) {
      const ids = books.map((book) => catalogue.ids[book] ?? '');
      expect(new Set(ids).size).toBe(20);
      const banned = new Set([...metBy(id), ...generated.unlisted]);
      expect(ids.filter((book) => banned.has(book))).toEqual([]);
    }
  });

  it('keeps ratings and interactions of a reader, and says who has none', async () => {
    const { catalogue } = await loaded(store, live);
    const record = await readerOf(store, live, 'Zoë ☃');
    const rated = Array.from(record.ratedBook, (book, n) => [
      catalogue.ids[book],
      record.ratedValue[n],
    ]);
    const met = Array.from(record.unratedBook, (book) => catalogue.ids[book]);
    const own = generated.rows.filter(({ user }) => user === 'Zoë ☃');
    const withValue = own.filter(({ value }) => value !== null);
    expect(rated.sort()).toEqual(withValue.map(({ item, value }) => [item, value]).sort());
    expect(met.sort()).toEqual(
      own
        .filter(({ value }) => value === null)
        .map(({ item }) => item)
        .sort(),
    );
    expect(record.source).toBe('personal');
    expect((await readerOf(store, live, generated.silentReader)).source).toBe('prior');
  });
});

describe('the record of a run', () => {
  it('moves while the run goes on: phases in order, sweeps, seconds left', async () => {
    const own = await ownStore();
    const seen: RunRecord[] = [];
    const watched = new Proxy(own, {
      get: (target, name) => {
        if (name === 'putRun') {
          return async (run: RunRecord) => {
            await own.putRun(run);
            const stored = await own.run(run.id);
            if (stored !== null) seen.push(stored);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const record = await trainIn(watched);
    const phases = seen.map(({ progress }) => progress.phase);
    expect(phases.filter((phase, n) => phase !== phases[n - 1])).toEqual([...PHASES, 'done']);
    expect(Object.keys(record.seconds)).toEqual(PHASES);
    const states = seen.map(({ state }) => state);
    expect(states).toEqual([...states.slice(1).map(() => 'running'), 'succeeded']);
    const [begun, ...sweeps] = seen.filter(({ progress }) => progress.phase === 'train');
    const refit = seen.find(({ progress }) => progress.phase === 'refit');
    expect(begun?.progress).toMatchObject({ sweep: 0, of: 0, secondsLeft: null });
    expect(refit?.progress).toMatchObject({ sweep: 17, of: 22, secondsLeft: null });
    const done = seen.map(({ progress }) => progress.sweep);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(record.progress).toMatchObject({ sweep: 22, of: 22 });
    for (const phase of PHASES) expect(record.memoryMiB[phase]).toBeGreaterThan(20);
    const most = Math.max(...Object.values(record.memoryMiB));
    expect(record.peakMemoryMiB).toBeGreaterThanOrEqual(most);
    expect(sweeps[2]?.progress).toMatchObject({
      sweep: 3,
      of: 22,
      elbo: expect.any(Number) as unknown,
      heldOutRmse: expect.any(Number) as unknown,
      secondsLeft: expect.any(Number) as unknown,
    });
  });

  it('is kept with data report, metrics and decision', async () => {
    const [record] = await store.runs(1);
    expect(record).toMatchObject({
      state: 'succeeded',
      version: live,
      data: { format: 'generic', counts: { readers: userIds.length } },
      metrics: { split: 'random 10 %, seed 1' },
      decision: { publish: true, reason: 'first-version' },
      error: null,
    });
    expect(record?.metrics).toEqual((await store.manifest(live))?.metrics);
  });

  it('goes in short to the file of --summary when the run fails, however long the message', async () => {
    const own = await ownStore();
    const summary = path.join(folder, 'failed.json');
    const missing = `${folder}/${'ü"\\'.repeat(1500)}`;
    await expect(trainIn(own, { summary, data: missing })).rejects.toMatchObject({
      code: 'DATA_NOT_FOUND',
    });
    const text = readFileSync(summary);
    expect(text.length).toBeLessThanOrEqual(4096);
    expect(JSON.parse(text.toString())).toMatchObject({
      state: 'failed',
      published: false,
      error: { code: 'DATA_NOT_FOUND', hint: expect.stringContaining('--data') as unknown },
    });
  });
});

describe('a run with a name', () => {
  it('keeps its record under it, and says beside its figures those of the live version', async () => {
    const own = await ownStore();
    const first = await trainIn(own, { runId: 'books-1' });
    const id = 'books-1';
    expect(await own.run(id)).toEqual(first);
    expect(first).toMatchObject({ id, live: null, backend: { used: 'cpu' } });
    expect((await own.manifest(first.version ?? ''))?.runId).toBe(id);
    const again = await trainIn(own, { runId: id, seed: 2, publish: 'always', backend: 'cpu' });
    expect(again.version).not.toBe(first.version);
    expect(again.live).toEqual({
      version: first.version,
      ...(first.metrics && figuresOf(first.metrics, first.effectiveRank ?? Number.NaN)),
    });
    expect(again.backend).toEqual({ used: 'cpu', reason: 'asked for' });
  });

  it('fails where it asks for a GPU that is not there', async () => {
    const own = await ownStore();
    const none = new AppError('NO_GPU', 'There is no GPU to train on', 'Ask for the CPU.');
    const openGpu = () => Promise.reject(none);
    const wish = { runId: 'gpu', backend: 'gpu' } as const;
    await expect(trainIn(own, wish, { openGpu })).rejects.toBe(none);
    expect(await own.run('gpu')).toMatchObject({ state: 'failed', error: { code: 'NO_GPU' } });
  });
});

describe('a second run', () => {
  it('with the same data and settings is skipped', async () => {
    const own = await storeWithLive();
    const [first] = await store.runs(1);
    const second = await trainIn(own, { threads: 2, keep: 1 });
    expect(second).toMatchObject({ state: 'skipped', version: null, metrics: null });
    expect(second.contentHash).toBe(first?.contentHash);
    expect(await own.run(second.id)).toEqual(second);
    expect(await own.liveVersion()).toBe(live);
    const third = await trainIn(own, { seed: 2, publish: 'never' });
    expect(third).toMatchObject({ state: 'succeeded' });
    expect(third.contentHash).not.toBe(second.contentHash);
  });

  it('goes over a live version of another release, which counts as none', async () => {
    const own = await ownStore();
    const manifest = await store.manifest(live);
    if (manifest === null) throw new Error('no manifest');
    const writer = await own.begin('older');
    await writer.putBlob(MODEL_BLOB, packColumns({ scalars: {} }));
    await writer.commit({ ...manifest, version: 'older' });
    await own.setLive('older');
    const record = await trainIn(own);
    expect(record).toMatchObject({ state: 'succeeded', decision: { reason: 'first-version' } });
    expect(await own.liveVersion()).toBe(record.version);
  });

  it('with --publish always publishes again, the same bytes, and never keeps more than --keep versions', async () => {
    const own = await storeWithLive();
    const versions = async () => (await own.versions()).map(({ version }) => version);
    const second = await trainIn(own, { publish: 'always', keep: 2 });
    expect(second.decision).toMatchObject({ publish: true, reason: 'policy-always' });
    expect(await own.liveVersion()).toBe(second.version);
    const model = (version: string | null) => own.blob(version ?? '', MODEL_BLOB);
    expect(await model(second.version)).toEqual(await model(live));
    const begin = own.begin.bind(own);
    let before: string[] = [];
    vi.spyOn(own, 'begin').mockImplementation(async (version) => {
      before = await versions();
      return begin(version);
    });
    const third = await trainIn(own, { publish: 'always', keep: 2 });
    expect(before).toEqual([second.version]);
    expect(await versions()).toEqual([third.version, second.version]);
  });

  it('with --publish never measures, publishes nothing and says so, in short to the file of --summary too', async () => {
    const own = await ownStore();
    const summary = path.join(folder, 'summary.json');
    const record = await trainIn(own, { summary, publish: 'never' });
    expect(record).toMatchObject({
      state: 'succeeded',
      version: null,
      decision: { publish: false, reason: 'policy-never', policy: 'never' },
    });
    expect(record.metrics?.testRows).toBeGreaterThan(200);
    expect(await own.run(record.id)).toEqual(record);
    expect(await own.versions()).toEqual([]);
    expect(await own.liveVersion()).toBeNull();
    const text = readFileSync(summary);
    expect(text.length).toBeLessThanOrEqual(4096);
    expect(JSON.parse(text.toString())).toMatchObject({
      id: record.id,
      state: 'succeeded',
      published: false,
      reason: 'policy-never',
      rmse: record.metrics?.model.rmse,
      effectiveRank: record.effectiveRank,
      message: record.decision?.message,
      progress: { phase: 'done' },
      error: null,
    });
    expect(summarySchema.safeParse(JSON.parse(text.toString())).success).toBe(true);
  });

  it('on worse data is refused by the gate, with the difference on the shared rows', async () => {
    const spoilt = generatedData({ spoilTraining: true });
    const record = await trainIn(store, {
      data: writeFiles(path.join(folder, 'spoilt'), spoilt.files),
    });
    expect(record).toMatchObject({
      state: 'succeeded',
      version: null,
      decision: { publish: false, reason: 'worse', comparedWith: live },
    });
    expect(record.decision?.difference?.low).toBeGreaterThan(0.5);
    expect(record.decision?.sharedRows).toBe(record.metrics?.testRows);
    expect(await store.liveVersion()).toBe(live);
  });

  it('with other held-out rows cannot be compared and is not published', async () => {
    const record = await trainIn(store, { seed: 2 });
    expect(record.decision).toMatchObject({ publish: false, reason: 'not-comparable' });
    expect(await store.liveVersion()).toBe(live);
  });
});

describe('policies', () => {
  it('give valid lists, each policy its own, and one seed one draw', async () => {
    const own = await ownStore();
    const published = async (policy: Policy) =>
      listsOf(own, (await trainIn(own, { publish: 'always', keep: 10, policy })).version);
    const { recommender, catalogue } = await loaded(store, live);
    const listsBy = async (policy: Policy) => {
      const made = new Map<string, number[]>();
      for (const id of userIds) {
        const record = await readerOf(store, live, id);
        const { book } = recommender.recommend(record, 20, { ...DEFAULT_CHOICE, policy });
        made.set(id, [...book]);
      }
      return made;
    };
    const lists = {
      balanced: await listsOf(store, live),
      rating: await listsBy('rating'),
      interest: await listsBy('interest'),
      cautious: await listsBy('cautious'),
      explore: await published('explore'),
    };
    expect(await published('explore')).toEqual(lists.explore);
    expect(await published('interest')).toEqual(lists.interest);
    const differing = (a: Map<string, number[]>, b: Map<string, number[]>) =>
      userIds.filter((id) => String(a.get(id)) !== String(b.get(id))).length;
    const most = userIds.length * 0.8;
    const all = Object.values(lists);
    all.forEach((a, n) => {
      for (const b of all.slice(n + 1)) expect(differing(a, b)).toBeGreaterThan(most);
    });

    for (const list of all) {
      for (const [id, books] of list) {
        const ids = books.map((book) => catalogue.ids[book] ?? '');
        const banned = new Set([...metBy(id), ...generated.unlisted]);
        expect(new Set(ids).size).toBe(20);
        expect(ids.filter((book) => banned.has(book))).toEqual([]);
      }
    }
  });
});
