import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { leftOut } from '../testing/left-out.ts';
import { hasRedisServer, type RedisServer, startRedisServer } from '../testing/redis-server.ts';
import { recommendAnswerSchema } from '../contracts/http.ts';
import { publishSample, SAMPLE_ISBNS, sampleCodec } from '../testing/sample-version.ts';
import { type RunningApi, startApi } from './main.ts';

/** What a client sees of one answer. */
interface Told {
  readonly status: number;
  readonly version?: string;
  readonly degraded?: true;
  /** Expected rating of the first book. */
  readonly first?: number;
}

/** Longest that an answer may take while the store hangs: its deadline, and a loaded machine. */
const SLOWEST_MS = 2500;
const MEANS_1 = [8.5, 8, 7.5, 7];
const MEANS_2 = [4.5, 4, 3.5, 3];

function suite(): void {
  let redis: RedisServer;
  let store: Store;
  let running: RunningApi[];
  let asked: number;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'bookrec-outage-'));
    redis = await startRedisServer(['--dir', folder]);
    store = await openStore(redis.url);
    running = [];
    asked = 0;
    await publishSample(store, 'v1', ['8'], MEANS_1);
  });

  afterEach(async () => {
    for (const api of running) await api.close();
    await store.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  async function serve(): Promise<string> {
    const own = await openStore(redis.url);
    const log = pino({ enabled: false });
    const fixed = { codec: sampleCodec, host: '127.0.0.1', port: 0, log, pollMs: 100 };
    const api = await startApi({ store: own, ...fixed });
    running.push({ ...api, close: () => api.close().then(() => own.close()) });
    return api.url;
  }

  /** Asks for a list that nobody has asked for, so that no answer is kept of it. */
  async function ask(url: string): Promise<Told> {
    const answer = await fetch(`${url}/recommend/8?top_k=${++asked + 10}`);
    const body = (await answer.json()) as {
      model_version?: string;
      degraded?: true;
      recommendations?: ReadonlyArray<{ predicted_rating: number }>;
    };
    return {
      status: answer.status,
      ...(body.model_version !== undefined && { version: body.model_version }),
      ...(body.degraded && { degraded: body.degraded }),
      ...(body.recommendations?.[0] && { first: body.recommendations[0].predicted_rating }),
    };
  }

  const ready = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;

  const eventually = (url: string, wanted: Told): Promise<void> =>
    expect.poll(() => ask(url), { timeout: 10_000, interval: 20 }).toEqual(wanted);

  const personal = { status: 200, version: 'v1', first: 8.5 };
  const marked = { status: 200, version: 'v1', first: 8.5, degraded: true };

  it('killed and started again empty, it is answered for from memory until it is filled', async () => {
    const url = await serve();
    expect(await ask(url)).toEqual(personal);
    await redis.stop();
    expect(await ask(url)).toEqual(marked);
    expect(await ready(url)).toBe(200);
    redis = await startRedisServer([], redis.port);
    expect(await ask(url)).toEqual(marked);
    const filling = await openStore(redis.url);
    await publishSample(filling, 'v2', ['8'], MEANS_2);
    await filling.close();
    await eventually(url, { status: 200, version: 'v2', first: 4.5 });
  });

  it('killed and started again as it was before, it is told what it had acknowledged', async () => {
    const urls = [await serve(), await serve()];
    const call = async (method: string, route: string, body?: object): Promise<unknown> => {
      const headers = { 'Content-Type': 'application/json' };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const answer = await fetch(`${urls[asked++ % 2] ?? ''}${route}`, init);
      expect(answer.status).toBe(200);
      return answer.json();
    };
    const rate = (user_id: string, rating: number) =>
      call('POST', '/feedback', { ratings: [{ user_id, isbn: SAMPLE_ISBNS[3], rating }] });
    const kept = await rate('early', 9);
    const admin = new Redis(redis.url);
    await admin.save();
    admin.disconnect();
    for (const id of ['8', 'new', 'gone']) await rate(id, 2);
    await rate('8', 10);
    const now = Date.now();
    // The clock counts in ms.
    await expect.poll(Date.now, { interval: 1 }).toBeGreaterThan(now);
    await call('DELETE', '/users/gone');
    const readers = ['early', '8', 'new', 'gone'];
    const told = async () => {
      const all = await Promise.all(readers.map((id) => store.feedback(id)));
      return all.map((one) => ({
        ratings: one?.ratings.map(({ rating }) => rating),
        isErased: typeof one?.erased === 'number',
      }));
    };
    const before = await told();
    expect(before.map(({ ratings }) => ratings)).toEqual([[9], [2, 10], [2], []]);
    const last = await store.feedbackRevision();
    await redis.stop();
    redis = await startRedisServer(['--dir', folder], redis.port);
    await expect.poll(told, { timeout: 10_000 }).toEqual(before);
    expect(kept).toMatchObject({ revision: 1 });
    // No number is given twice.
    expect(await store.feedbackRevision()).toBeGreaterThan(last);
  });

  it('hanging, it holds nobody up for long, and is back when it goes on', async () => {
    const url = await serve();
    redis.signal('SIGSTOP');
    const started = performance.now();
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(url)));
    expect(all).toEqual(all.map(() => marked));
    expect(performance.now() - started).toBeLessThan(SLOWEST_MS);
    expect(await ready(url)).toBe(200);
    redis.signal('SIGCONT');
    await eventually(url, personal);
  });

  it('full, it is read as ever', async () => {
    const url = await serve();
    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory', '1');
    await expect(store.begin('v2')).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await ask(url)).toEqual(personal);
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
  });

  it('loading its data, it keeps a new replica unready and an old one degraded', async () => {
    const old = await serve();
    const admin = new Redis(redis.url);
    // 2 ms a key: longer than a start that waits for the store.
    for (let key = 0; key < 700; key++) void admin.set(`filler:${key}`, '');
    await admin.save();
    admin.disconnect();
    await redis.stop();
    const slow = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    redis = await startRedisServer(['--dir', folder, ...slow], redis.port);
    const young = await serve();
    expect([await ready(young), await ready(old)]).toEqual([503, 200]);
    expect([(await ask(young)).status, await ask(old)]).toEqual([503, marked]);
    await expect.poll(() => ready(young), { timeout: 10_000 }).toBe(200);
    expect(await ask(young)).toEqual(personal);
    await eventually(old, personal);
  });

  it('of several versions, it serves the pages of the one that they began with', async () => {
    const url = await serve();
    const page = async (cursor: string) => {
      const answer = await fetch(`${url}/recommend/8?top_k=1${cursor}`);
      const { recommendations, next, model_version } = recommendAnswerSchema.parse(
        await answer.json(),
      );
      const ranks = recommendations.map(({ rank, predicted_rating }) => [rank, predicted_rating]);
      return { cursor: `&cursor=${next ?? ''}`, seen: [model_version, ...ranks] };
    };
    const first = await page('');
    await publishSample(store, 'v2', ['8'], MEANS_2);
    await eventually(url, { status: 200, version: 'v2', first: 4.5 });
    const second = await page(first.cursor);
    expect(second.seen).toEqual(['v1', [2, 8]]);
    // Another replica has never seen that version live.
    const young = await serve();
    const third = await fetch(`${young}/recommend/8?top_k=1${second.cursor}`);
    expect(await third.json()).toMatchObject({ model_version: 'v1', next: null });
    await store.deleteVersion('v1');
    expect((await fetch(`${young}/recommend/8?top_k=2${first.cursor}`)).status).toBe(410);
  });

  it('rolled back to another version, all replicas serve it within two seconds, and nothing in between', async () => {
    await publishSample(store, 'v2', ['8'], MEANS_2);
    const urls = [await serve(), await serve()];
    let stopped = false;
    const seen: Told[] = [];
    const load = urls.map(async (url) => {
      while (!stopped) seen.push(await ask(url));
    });
    for (const version of ['v1', 'v2', 'v1']) {
      await store.setLive(version);
      for (const url of urls) {
        await expect.poll(async () => (await ask(url)).version, { timeout: 2000 }).toBe(version);
      }
    }
    stopped = true;
    await Promise.all(load);
    const whole = [personal, { status: 200, version: 'v2', first: 4.5 }];
    expect(
      seen.filter(
        (one) =>
          !whole.some(({ version, first }) => one.version === version && one.first === first),
      ),
    ).toEqual([]);
    expect(new Set(seen.map(({ status, degraded }) => `${status} ${degraded}`))).toEqual(
      new Set(['200 undefined']),
    );
  });
}

if (await hasRedisServer()) describe('a store that is', suite);
else leftOut('a store that is away, slow, full or loading: there is no redis-server on the PATH');
