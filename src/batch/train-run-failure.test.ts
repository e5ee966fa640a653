import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
