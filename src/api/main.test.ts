import { Agent, get as httpGet, type IncomingMessage, request as httpRequest } from 'node:http';
import { type EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { publishSample, SAMPLE_ISBNS, sampleCodec } from '../testing/sample-version.ts';
import { type RunningApi, startApi } from './main.ts';

let under: ApiUnderTest;
let running: RunningApi | null = null;

beforeEach(async () => {
  under = await apiUnderTest();
});

afterEach(async () => {
  await running?.close();
  running = null;
  await under[Symbol.asyncDispose]();
});

interface More {
  readonly signal?: AbortSignal;
  readonly graceMs?: number;
  readonly lameDuckMs?: number;
  readonly snapshots?: boolean;
}

async function start(more: More = {}) {
  const { store } = under.switched;
  const log = pino({ enabled: false });
  const fixed = { store, codec: sampleCodec, host: '127.0.0.1', port: 0, log, pollMs: 10 };
  running = await startApi({ ...fixed, ...more });
  return running;
}

/** Resolves when the other side has closed, whether in order or by a reset. */
async function ended(connection: EventEmitter): Promise<void> {
  connection.on('error', () => undefined);
  await new Promise((resolve) => connection.once('close', resolve));
}

const status = async (url: string): Promise<number> => (await fetch(url)).status;

describe('startApi', () => {
  it('serves the live version at once and takes over a new one by itself', async () => {
    await publishSample(under.switched.store, 'v1', ['8']);
    const { url } = await start();
    expect(await status(`${url}/readyz`)).toBe(200);
    expect(await (await fetch(`${url}/recommend/8`)).json()).toMatchObject({ model_version: 'v1' });
    await publishSample(under.switched.store, 'v2', ['8']);
    await expect
      .poll(async () => await (await fetch(`${url}/recommend/8`)).json())
      .toMatchObject({ model_version: 'v2' });
  });

  it('never mixes versions while they change under load', async () => {
    await publishSample(under.switched.store, 'v0', ['8'], [2, 2, 2, 2, 2]);
    const { url } = await start();
    const seen = new Set<string>();
    let last = false;
    const client = async (): Promise<void> => {
      while (!last) {
        const body = (await (await fetch(`${url}/recommend/8?top_k=3`)).json()) as {
          model_version: string;
          recommendations: Array<{ predicted_rating: number }>;
        };
        const want = 2 + Number(body.model_version.slice(1));
        expect(body.recommendations.map((book) => book.predicted_rating)).toEqual([
          want,
          want,
          want,
        ]);
        seen.add(body.model_version);
      }
    };
    const clients = [client(), client(), client()];
    for (let n = 1; n <= 4; n++) {
      await publishSample(under.switched.store, `v${n}`, ['8'], new Array<number>(5).fill(2 + n));
      await expect.poll(() => seen.has(`v${n}`)).toBe(true);
    }
    last = true;
    await Promise.all(clients);
  });

  it('ends the request under way, refuses new connections and closes idle ones', async () => {
    await publishSample(under.switched.store, 'v1', ['8']);
    const stop = new AbortController();
    const { url, closed } = await start({ signal: stop.signal });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const idle: IncomingMessage = await new Promise((resolve, reject) => {
      httpGet(`${url}/livez`, { agent }, resolve).on('error', reject);
    });
    idle.resume();
    await once(idle, 'end');
    const gate = Promise.withResolvers<undefined>();
    under.switched.gate = () => gate.promise;
    const slow = fetch(`${url}/recommend/8`);
    await expect.poll(() => under.switched.calls.includes('reader')).toBe(true);
    stop.abort();
    await expect.poll(() => status(url).catch(() => 'refused')).toBe('refused');
    gate.resolve(undefined);
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ source: 'personal' });
    await closed;
    agent.destroy();
  });

  it('fails readiness first, while it still answers', async () => {
    await publishSample(under.switched.store, 'v1', ['8']);
    const api = await start({ lameDuckMs: 300 });
    const { url } = api;
    const stopped = api.close();
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await status(`${url}/recommend/8`)).toBe(200);
    await stopped;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('leaves no feedback to a store in memory without a snapshot when it stops', async () => {
    await publishSample(under.switched.store, 'v1', ['8']);
    const snapshots = (): number =>
      under.switched.calls.filter((name) => name === 'snapshot').length;
    const api = await start({ snapshots: true });
    const ratings = [{ user_id: '8', isbn: SAMPLE_ISBNS[0], rating: 9 }];
    const body = JSON.stringify({ ratings });
    const headers = { 'Content-Type': 'application/json' };
    await fetch(`${api.url}/feedback`, { method: 'POST', headers, body });
    expect(snapshots()).toBe(0);
    await api.close();
    expect(snapshots()).toBe(1);
  });

  it('cuts off at the end of the grace period what does not end', async () => {
    await publishSample(under.switched.store, 'v1', ['8']);
    const api = await start({ graceMs: 100 });
    const { url } = api;
    // Half a request: the rest of its body never comes.
    const half = httpRequest(`${url}/recommend`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': '100' },
    });
    const cut = ended(half);
    half.write('{');
    await once(half, 'socket');
    const silent = connect(Number(new URL(url).port), '127.0.0.1');
    const dropped = ended(silent);
    await once(silent, 'connect');
    await api.close();
    await Promise.all([cut, dropped]);
  });

  it('says when the port is taken', async () => {
    const { url } = await start();
    const { store } = under.switched;
    const port = Number(new URL(url).port);
    const log = pino({ enabled: false });
    const second = startApi({ store, codec: sampleCodec, host: '127.0.0.1', port, log });
    await expect(second).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
  });
});
