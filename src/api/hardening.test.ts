import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { publishSample, sampleCodec } from '../testing/sample-version.ts';
import { type ApiOptions, type RunningApi, startApi } from './main.ts';

const READER = 'reader-whom-nobody-may-see';

let under: ApiUnderTest;
let running: RunningApi | null = null;
let logged: string[] = [];

beforeEach(async () => {
  under = await apiUnderTest();
  logged = [];
  await publishSample(under.switched.store, 'v1', ['8', READER]);
});

afterEach(async () => {
  await running?.close();
  running = null;
  await under[Symbol.asyncDispose]();
});

/** A server on a port, with a log of all requests. */
async function start(more: Partial<ApiOptions> = {}): Promise<string> {
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const fixed = { codec: sampleCodec, host: '127.0.0.1', port: 0, log };
  running = await startApi({ store: under.switched.store, ...fixed, ...more });
  return running.url;
}

const post = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

describe('the id of a request', () => {
  it('is taken from the client, and stands in answer, problem and log', async () => {
    const url = await start();
    for (const path of ['/recommend/8', '/recommend/8?top_k=0', '/stats', '/nothing']) {
      const id = `mine${path.length}`;
      const answer = await fetch(url + path, { headers: { 'X-Request-Id': id } });
      expect(answer.headers.get('x-request-id')).toBe(id);
      const body: unknown = await answer.json();
      if (answer.status >= 400) expect(body).toMatchObject({ instance: id });
      expect(logged.join('')).toContain(`"requestId":"${id}"`);
    }
  });

  it.each(['', 'a b', 'a:b', '<script>', '"', 'x'.repeat(129), 'Ã¼'])(
    'is made anew instead of %j',
    async (given) => {
      const url = await start();
      const answer = await fetch(`${url}/nothing`, { headers: { 'X-Request-Id': given } });
      const id = answer.headers.get('x-request-id');
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await answer.json()).toMatchObject({ instance: id });
    },
  );
});

describe('the log', () => {
  it('has one line a request, with its route and without its reader, its query or its secrets', async () => {
    const url = await start();
    const headers = { Authorization: 'Bearer hidden-token', Cookie: 'session=hidden-token' };
    await fetch(`${url}/recommend/${READER}?top_k=2`, { headers });
    await fetch(`${url}/recommend/${READER}?top_k=0`, { headers });
    await fetch(`${url}/users?after=${READER}`, { headers });
    await fetch(`${url}/${READER}`, { headers });
    await post(`${url}/recommend`, JSON.stringify({ country: READER, ratings: 1 }));
    const lines = logged.filter((line) => line.includes('"msg":"request"'));
    const told = lines.map((line) => {
      const { method, route, status } = JSON.parse(line) as Record<string, unknown>;
      return [method, route, status];
    });
    expect(told).toEqual([
      ['GET', '/recommend/{user_id}', 200],
      ['GET', '/recommend/{user_id}', 400],
      ['GET', '/users', 200],
      ['GET', 'none', 404],
      ['POST', '/recommend', 400],
    ]);
    expect(logged.join('')).not.toMatch(new RegExp(`${READER}|hidden-token`));
  });

  it('has what broke, of which the answer shows nothing', async () => {
    const url = await start();
    under.switched.gate = () => Promise.reject(new Error('inner words'));
    const answer = await fetch(`${url}/recommend/${READER}`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(/inner words|\.ts|node_modules|at /);
    expect(logged.join('')).toContain('inner words');
    expect(logged.join('')).not.toContain(READER);
  });
});

describe('too much at once', () => {
  it('is refused beyond the limit, but for probes, until there is room again', async () => {
    const url = await start({ maxInFlight: 1 });
    const gate = Promise.withResolvers<undefined>();
    under.switched.gate = () => gate.promise;
    const slow = fetch(`${url}/recommend/8`);
    await expect.poll(() => under.switched.calls.includes('reader')).toBe(true);
    for (const path of ['/recommend/9', '/stats']) {
      const refused = await fetch(url + path);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({ code: 'OVERLOADED' });
    }
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('bookrec_http_requests_shed_total 2');
    gate.resolve(undefined);
    expect((await slow).status).toBe(200);
    await expect.poll(async () => (await fetch(`${url}/stats`)).status).toBe(200);
  });

  it('frees the place of a client that hangs up', async () => {
    const url = await start({ maxInFlight: 1 });
    const gate = Promise.withResolvers<undefined>();
    under.switched.gate = () => gate.promise;
    const hangUp = new AbortController();
    const slow = fetch(`${url}/recommend/8`, { signal: hangUp.signal }).catch(() => 'hung up');
    await expect.poll(() => under.switched.calls.includes('reader')).toBe(true);
    hangUp.abort();
    expect(await slow).toBe('hung up');
    await expect.poll(async () => (await fetch(`${url}/stats`)).status).toBe(200);
    gate.resolve(undefined);
  });

  it.each([
    'GET /stats HTTP/1.1\r\nHos',
    'POST /recommend HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ])('is cut off when a request never ends: %j', async (half) => {
    const url = await start({ requestMs: 100 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = once(socket, 'close');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(half);
    await closed;
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('every answer', () => {
  it.each(['/recommend/8', '/recommend/8?top_k=0', '/stats', '/', '/nothing', '/livez'])(
    'has the headers of helmet and none for other origins: %s',
    async (path) => {
      const url = await start();
      const { headers } = await fetch(url + path, { headers: { Origin: 'http://evil.test' } });
      expect(Object.fromEntries(headers)).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
      });
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
      expect([...headers.keys()].filter((name) => /^access-control|powered/.test(name))).toEqual(
        [],
      );
    },
  );

  it('refuses the preflight of other origins', async () => {
    const url = await start();
    const headers = { Origin: 'http://evil.test', 'Access-Control-Request-Method': 'POST' };
    const answer = await fetch(`${url}/recommend`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    '/recommend/a%0d%0aX-Evil:%201',
    '/users?after=%0d%0aX-Evil:%201',
    '/%0d%0aX-Evil:%201',
  ])('takes no header from %s', async (path) => {
    const url = await start();
    const answer = await fetch(url + path);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.has('x-evil')).toBe(false);
  });

  it('comes from a process whose prototypes nobody changes', async () => {
    const url = await start();
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const inner = `{"${name}":{"polluted":true}}`;
      for (const body of [inner, `{"ratings":[${inner}]}`, `{"ratings":${inner}}`]) {
        expect((await post(`${url}/recommend`, body)).status, body).toBe(400);
      }
      for (const query of [`${name}=1`, `${name}[polluted]=1`, `${name}.polluted=1`]) {
        expect((await fetch(`${url}/users?${query}`)).status, query).toBe(400);
      }
    }
    expect('polluted' in {}).toBe(false);
  });
});
