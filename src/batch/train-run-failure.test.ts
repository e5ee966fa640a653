import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../runtime/errors.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { publishSample } from '../testing/sample-version.ts';
import { train } from './train-run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-failure-'));
const { files } = generatedData({ readers: 60, ratedBooks: 40 });
const ratings = files['ratings.csv'] ?? '';
const gzipped = gzipSync(ratings);
const PDF = Buffer.from('%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj\n<<>>\nendobj\n', 'latin1');

let store: Store;

beforeAll(async () => {
  store = await openStore(`lmdb:${path.join(folder, 'store')}`);
  await publishSample(store, 'before', ['8']);
});

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

interface Failure {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly folders?: readonly string[];
  readonly code: string;
  readonly says: RegExp;
}

const FAILURES: readonly Failure[] = [
  {
    name: 'a truncated gzip file',
    files: { 'ratings.csv.gz': gzipped.subarray(0, gzipped.length / 2) },
    code: 'DATA_UNREADABLE',
    says: /^ratings\.csv\.gz, after line \d+/,
  },
  {
    name: 'a directory in place of a file',
    files: {},
    folders: ['ratings.csv'],
    code: 'DATA_UNREADABLE',
    says: /^ratings\.csv: is a directory/,
  },
  {
    name: 'a PDF with the name of the ratings',
    files: { 'BX-Book-Ratings.csv': PDF },
    code: 'DATA_UNREADABLE',
    says: /^BX-Book-Ratings\.csv: line 1, column 1: this is a PDF document/,
  },
  { name: 'an empty folder', files: {}, code: 'DATA_NOT_FOUND', says: /failure-/ },
  { name: 'an empty file', files: { 'ratings.csv': '' }, code: 'DATA_EMPTY', says: /ratings\.csv/ },
  {
    name: 'ratings that are no numbers',
    files: { 'ratings.csv': ratings.replaceAll(/,\d+$/gm, ',good') },
    code: 'DATA_TOO_BAD',
    says: /^ratings\.csv: .* rows are bad.* line \d+, column 3/,
  },
  {
    name: 'no rating but interactions',
    files: { 'ratings.csv': ratings.replaceAll(/,\d+$/gm, ',') },
    code: 'DATA_EMPTY',
    says: /ratings\.csv/,
  },
  {
    name: 'a single rating',
    files: { 'ratings.csv': 'user_id,item_id,rating\nr1,b1,5\n' },
    code: 'DATA_EMPTY',
    says: /ratings/,
  },
];

describe('a training that fails', () => {
  it.each(FAILURES)('on $name says where, is recorded, publishes nothing', async (failure) => {
    const data = writeFiles(path.join(folder, failure.name), failure.files);
    for (const name of failure.folders ?? []) mkdirSync(path.join(data, name));
    const summary = path.join(folder, `${failure.name}.json`);
    const before = await store.runs(100);
    const { signal } = new AbortController();
    const at = Date.UTC(2026, 0, 1, 0, before.length);
    const clock = { now: () => new Date(at), seconds: () => performance.now() / 1000 };
    const error: unknown = await train(batchSettings({ data, summary }), {
      store,
      log: pino({ level: 'silent' }),
      signal,
      clock,
    }).catch((thrown: unknown) => thrown);
    const { code, says } = failure;
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) as unknown });
    const [record, ...others] = await store.runs(100);
    expect(others).toHaveLength(before.length);
    expect(record).toMatchObject({
      state: 'failed',
      version: null,
      finishedAt: expect.any(String) as unknown,
      error: { code, message: expect.stringMatching(says) as unknown },
    });
    const written = JSON.parse(readFileSync(summary, 'utf8')) as unknown;
    expect(written).toMatchObject({ state: 'failed', published: false, error: { code } });
    expect(await store.liveVersion()).toBe('before');
    expect((await store.versions()).map(({ version }) => version)).toEqual(['before']);
  });
});

describe('a store that goes away', () => {
  const data = path.join(folder, 'good');
  const { signal } = new AbortController();
  const quiet = { log: pino({ level: 'silent' }), signal };
  let own: Store;

  beforeAll(() => {
    writeFiles(data, files);
  });

  beforeEach(async () => {
    own = await openStore(`lmdb:${mkdtempSync(path.join(folder, 'own-'))}`);
  });

  afterEach(() => own.close());

  it('after the pointer has moved leaves a run that succeeded, with a warning', async () => {
    const summary = path.join(folder, 'published.json');
    const full = new AppError('STORE_FULL', 'no room is left', 'Free some.');
    const store = failing(own, 'prune', full);
    const record = await train(batchSettings({ data, summary }), { store, ...quiet });
    const warnings = ['old versions could not be removed: no room is left'];
    expect(record).toMatchObject({ state: 'succeeded', error: null, warnings });
    expect(await own.liveVersion()).toBe(record.version);
    expect(await own.run(record.id)).toEqual(record);
    expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
      state: 'succeeded',
      published: true,
      version: record.version,
    });
  });

  it('at the very end does so too', async () => {
    const store = failing(own, 'prune', new AppError('STORE_UNAVAILABLE', 'gone', 'Wait.'));
    const { state, version } = await train(batchSettings({ data }), {
      store: failing(store, 'putRun', new Error('gone'), ({ state }) => state === 'succeeded'),
      ...quiet,
    });
    expect(state).toBe('succeeded');
    expect(await own.liveVersion()).toBe(version);
  });

  it('and a summary that cannot be written do not hide what stopped the run', async () => {
    const missing = path.join(folder, 'missing');
    const store = failing(own, 'putRun', new Error('gone'), ({ state }) => state === 'failed');
    await expect(
      train(batchSettings({ data: missing, summary: folder }), { store, ...quiet }),
    ).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
  });
});

/** The store, of which one method fails: always, or with the first arguments that `when` names. */
function failing<M extends 'prune' | 'putRun'>(
  real: Store,
  method: M,
  error: Error,
  when: (first: Parameters<Store[M]>[0]) => boolean = () => true,
): Store {
  return new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: Parameters<Store[M]>): unknown =>
        name === method && when(args[0])
          ? Promise.reject(error)
          : Reflect.apply(value, target, args);
    },
  });
}
