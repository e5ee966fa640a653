import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse/sync';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startApi, type RunningApi } from '../api/main.ts';
import type { RunRecord } from '../contracts/run.ts';
import type { RecommendAnswer } from '../contracts/http.ts';
import { environment, projectFolder } from '../runtime/environment.ts';
import { exportVersion, importVersion } from '../store/archive.ts';
import { versionCodec } from '../store/model-codec.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { leftOut } from '../testing/left-out.ts';
import { hasRedisServer, startRedisServer } from '../testing/redis-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-trained-'));
const address = `lmdb:${path.join(folder, 'store')}`;
const generated = generatedData({ otherBooks: 1100 });
const data = writeFiles(path.join(folder, 'data'), generated.files);
const LISTED = 160 + 1100 - generated.unlisted.length;
const reader = 'Zoë ☃';
const own = generated.rows.filter(({ user }) => user === reader);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function bookrec(args: readonly string[], input = ''): Ended {
  const { status, stdout, stderr } = spawnSync(`${projectFolder}/bin/bookrec`, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: environment()['PATH'], STORE_URL: address, DATA_DIR: data, THREADS: '1' },
    input,
    timeout: 20_000,
  });
  return { code: status, stdout, stderr };
}

const json = (args: readonly string[]): unknown => JSON.parse(bookrec([...args, '--json']).stdout);

/** Versions of the two trainings at the start; the second is live. */
const versions: string[] = [];
const SETTINGS = ['--rank', '2', '--sweeps', '12', '--list-length', '20'];

beforeAll(() => {
  const summary = path.join(folder, 'summary.json');
  const first = bookrec(['train', ...SETTINGS, '--json', '--summary', summary]);
  const record = JSON.parse(first.stdout) as RunRecord;
  expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
    state: 'succeeded',
    published: true,
    version: record.version,
  });
  const again = bookrec(['train', ...SETTINGS, '--seed', '2', '--publish', 'always']);
  const second = /Published as version (\S+)\./.exec(again.stdout)?.[1];
  versions.push(record.version ?? '', second ?? '');
}, 30_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

if (await hasRedisServer()) {
  it('rolled back by the command, every process serves the old version within two seconds', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const [from, to] = [await openStore(address), await openStore(redis.url)];
    for (const version of versions) {
      await importVersion(to, exportVersion(from, version), { activate: true });
    }
    for (const store of [from, to]) await store.close();
    const urls = await Promise.all([served(redis.url), served(redis.url)]);
    const live = async (): Promise<unknown[]> =>
      Promise.all(
        urls.map(async (url) => {
          const answer = await fetch(`${url}/recommend/${encodeURIComponent(reader)}`);
          return ((await answer.json()) as RecommendAnswer).model_version;
        }),
      );
    const [first = '', second = ''] = versions;
    expect(await live()).toEqual([second, second]);
    bookrec(['models', 'rollback', '--store', redis.url]);
    await expect.poll(live, { timeout: 2000, interval: 20 }).toEqual([first, first]);
  });
} else {
  leftOut('a rollback by the command on Redis: there is no redis-server on the PATH');
}

/** Address of a process that serves a store until the end of the test. */
async function served(store: string): Promise<string> {
  const child = spawn(`${projectFolder}/bin/bookrec`, ['api', '--port', '0', '--json'], {
    env: { PATH: environment()['PATH'], STORE_URL: store },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for await (const line of createInterface(child.stdout)) {
    return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error('the API ended instead of serving');
}

describe('a trained model on the command line', () => {
  it('is not trained again from the same data and settings', () => {
    const { code, stdout } = bookrec(['train', ...SETTINGS, '--seed', '2']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Nothing to do: the live version has these data and settings.\n',
    });
  });

  it('gives a stored reader the stored list', () => {
    expect(json(['recommend', reader, '--top-k', '3'])).toMatchObject({
      user_id: reader,
      model_version: versions[1],
      source: 'personal',
      recommendations: [{ rank: 1 }, { rank: 2 }, { rank: 3 }],
    });
  });

  it('gives anybody else the list of the prior, with a note', () => {
    const { code, stdout } = bookrec(['recommend', 'nobody', '--top-k', '2']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^# +RATING/),
      expect.stringMatching(/^1 +\d\.\d\d ± \d\.\d\d /),
      expect.stringMatching(/^2 /),
      'No reader "nobody" in the live version: these are the books of the prior.',
    ]);
    const answer = json(['recommend', 'nobody', '--top-k', '100000']);
    expect(answer).toMatchObject({
      source: 'prior',
      note: expect.stringMatching(/prior.*Only 20 books are available/) as unknown,
    });
    expect(answer).toHaveProperty('recommendations.length', 20);
  });

  it('predicts pairs, those of unknown readers and books too, and counts these', () => {
    const known = generated.rows[0] ?? { user: '', item: '' };
    const pairs = [
      [known.user, known.item],
      [reader, generated.unlisted[0] ?? ''],
      ['nobody', known.item],
      [reader, 'no such book'],
      ['nobody', 'no such book'],
      [generated.silentReader, known.item],
    ];
    const lines = pairs.map((pair) => pair.join(',')).join('\n');
    const { code, stdout, stderr } = bookrec(['predict', '--pairs', '-'], `user,item\n${lines}\n`);
    expect(code).toBe(0);
    const rows = parse<Record<string, string>>(stdout, { columns: true });
    expect(rows.map((row) => [row['user'], row['item']])).toEqual(pairs);
    const values = rows.map((row) => (name: string) => Number(row[name]));
    for (const value of values) {
      const quantiles = ['q025', 'q25', 'q50', 'q75', 'q975'].map(value);
      expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));
      expect(Math.min(...quantiles, value('mean'))).toBeGreaterThanOrEqual(1);
      expect(Math.max(...quantiles, value('mean'))).toBeLessThanOrEqual(10);
      const parts = ['sd_reader', 'sd_book', 'sd_noise'].map(value);
      expect(value('sd')).toBeCloseTo(Math.hypot(...parts), 3);
    }
    const spread = (row: number, name: string): number => values[row]?.(name) ?? Number.NaN;
    expect(spread(2, 'sd_reader')).toBeGreaterThan(spread(0, 'sd_reader'));
    expect(spread(3, 'sd_book')).toBeGreaterThan(spread(0, 'sd_book'));
    expect(JSON.parse(stderr)).toMatchObject({ pairs: 6, unknownReaders: 2, unknownBooks: 2 });
  });

  it('is listed, shown, rolled back and deleted', () => {
    const [first = '', second = ''] = versions;
    expect(json(['models', 'list'])).toMatchObject({
      live: second,
      versions: [
        { version: second, live: true, readers: 241, books: LISTED },
        { version: first, live: false },
      ],
    });
    expect(bookrec(['models', 'show', first]).stdout).toMatch(/^\| RMSE \| 1\.\d{4} \|/m);
    expect(json(['models', 'rollback'])).toEqual({ from: second, to: first });
    expect(json(['recommend', reader])).toMatchObject({ model_version: first });
    expect(bookrec(['models', 'delete', first]).code).toBe(1);
    expect(json(['models', 'rollback', second])).toEqual({ from: first, to: second });
    expect(json(['models', 'delete', first])).toEqual({ deleted: first });
    expect(json(['models', 'list'])).toMatchObject({ versions: [{ version: second }] });
  });
});

describe('a trained model over HTTP', () => {
  let store: Store;
  let api: RunningApi;

  beforeAll(async () => {
    store = await openStore(address);
    const log = pino({ level: 'silent' });
    api = await startApi({ store, codec: versionCodec, host: '127.0.0.1', port: 0, log });
  });

  afterAll(async () => {
    await api.close();
    await store.close();
  });

  const asked = async (id: string, topK = 20): Promise<RecommendAnswer> => {
    const answer = await fetch(`${api.url}/recommend/${encodeURIComponent(id)}?top_k=${topK}`);
    return (await answer.json()) as RecommendAnswer;
  };

  const posted = async (body: object): Promise<RecommendAnswer> => {
    const answer = await fetch(`${api.url}/recommend`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as RecommendAnswer;
  };

  it('answers a reader with books that have a title and that the reader has not met', async () => {
    const { recommendations, source, total_available } = await asked(reader);
    expect({ source, total_available }).toEqual({ source: 'personal', total_available: 20 });
    const banned = new Set([...own.map(({ item }) => item), ...generated.unlisted]);
    expect(recommendations.filter(({ isbn, title }) => banned.has(isbn) || title === '')).toEqual(
      [],
    );
    for (const { predicted_rating, confidence_interval } of recommendations) {
      const [low, high] = confidence_interval;
      expect([1, low, predicted_rating, high, 10]).toEqual(
        [1, low, predicted_rating, high, 10].sort((a, b) => a - b),
      );
    }
  });

  it('answers an unknown reader with the list of the prior, as fold-in without a rating does', async () => {
    const unknown = await asked('nobody');
    expect(unknown.source).toBe('prior');
    const folded = await posted({ top_k: 20 });
    expect(unknown.recommendations).toEqual(folded.recommendations);
  });

  it('folds in ratings by the ids of the data', async () => {
    const rated = own.filter(({ value }) => value !== null);
    const answer = await posted({
      ratings: rated.map(({ item, value }) => ({ isbn: item, rating: value })),
      top_k: 10,
    });
    expect(answer).toMatchObject({ source: 'fold-in', unknown_isbns: [] });
    const listed = rated.filter(({ item }) => !generated.unlisted.includes(item)).length;
    expect(answer.total_available).toBe(LISTED - listed);
  });

  it('lists 1000 books at most for a fold-in, and says how many there are', async () => {
    const answer = await posted({ top_k: 100_000 });
    expect(answer.recommendations).toHaveLength(1000);
    expect(answer.note).toBe(
      `top_k is 100000, but at most 1000 of the ${LISTED} available books are listed.`,
    );
  });
});
