import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest, seen } from '../testing/api-under-test.ts';
import { publishSample } from '../testing/sample-version.ts';
import { ROUTES } from './routes.ts';

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const get = (url: string): request.Test => request(api.listener).get(url);

async function publish(version = 'v1', ids: readonly string[] = ['8', '9', '10']): Promise<void> {
  await publishSample(api.switched.store, version, ids);
  await api.live.poll();
}

describe('GET /users', () => {
  it('walks over all readers a page at a time', async () => {
    const ids = Array.from({ length: 25 }, (_, i) => `r:${String(i)}/ü`);
    await publish('v1', ids);
    const walked: string[] = [];
    let after = '';
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await seen(get(`/users?limit=10${after}`).expect(200));
      const page = body as { users: string[]; next: string | null; total: number };
      expect(page.total).toBe(25);
      walked.push(...page.users);
      if (page.next === null) break;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
    expect(walked).toHaveLength(25);
    expect([...walked].sort()).toEqual([...ids].sort());
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'offset=3'])('refuses ?%s', async (query) => {
    await publish();
    await get(`/users?${query}`).expect(400);
  });

  it('lets no cache keep people, and answers 503 while the store is away', async () => {
    await publish();
    const { headers } = await seen(get('/users'));
    expect(headers['cache-control']).toBe('no-store');
    api.switched.away = true;
    const { body } = await seen(get('/users').expect(503));
    expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const text = await api.metrics.registry.metrics();
    expect(text).toContain('bookrec_store_errors_total{code="STORE_UNAVAILABLE"} 1');
    expect(api.logged.filter(({ msg }) => msg === 'request failed')).toEqual([]);
  });
});

describe('GET /stats and GET /model/info', () => {
  it('say what the live version is', async () => {
    await publish();
    const stats = await get('/stats').expect(200);
    expect(stats.body).toMatchObject({ total_users: 3, total_books: 5, model_version: 'v1' });
    const info = await get('/model/info').expect(200);
    expect(info.body).toMatchObject({
      model_version: 'v1',
      run_id: 'run-of-v1',
      rank: 8,
      metrics: { model: { rmse: 1.55 } },
    });
    const etag = info.headers['etag'] ?? '';
    await get('/model/info').set('If-None-Match', etag).expect(304);
    await get('/stats').set('If-None-Match', etag).expect(200);
  });

  it.each(['/stats', '/model/info', '/users'])(
    '%s is 503 before the first training',
    async (url) => {
      await api.live.poll();
      const { body } = await seen(get(url).expect(503));
      expect(body).toMatchObject({ code: 'NOT_TRAINED' });
    },
  );
});

describe('probes', () => {
  it('is alive whatever the store does', async () => {
    api.switched.away = true;
    await get('/livez').expect(200, { status: 'alive' });
    expect(api.switched.calls).toEqual([]);
  });

  it('is ready once the store has been asked, with a model or without', async () => {
    const starting = await get('/readyz').expect(503);
    expect(starting.body).toMatchObject({ status: 'starting' });
    await api.live.poll();
    const empty = await get('/readyz').expect(200);
    expect(empty.body).toMatchObject({ status: 'ready', model: 'none', model_version: null });
    await publish();
    const loaded = await get('/readyz').expect(200);
    expect(loaded.body).toMatchObject({ model: 'loaded', model_version: 'v1', degraded: false });
  });

  it('stays ready with a model in memory when the store goes away', async () => {
    await publish();
    api.switched.away = true;
    await api.live.poll();
    const { body } = await seen(get('/readyz').expect(200));
    expect(body).toMatchObject({ status: 'ready', degraded: true });
  });

  it('is not ready while it stops, and closes its connections', async () => {
    await publish();
    api.stopping = true;
    const { body, headers } = await seen(get('/readyz').expect(503));
    expect(body).toMatchObject({ status: 'stopping' });
    expect(headers['connection']).toBe('close');
  });

  it('tells in /health whether the store answers', async () => {
    await publish();
    const healthy = await get('/health').expect(200);
    expect(healthy.body).toMatchObject({
      status: 'healthy',
      store: { connected: true },
      model: { state: 'loaded', version: 'v1' },
    });
    api.switched.away = true;
    const degraded = await get('/health').expect(200);
    expect(degraded.body).toMatchObject({ status: 'degraded', store: { connected: false } });
  });

  it('is unhealthy without store and model', async () => {
    api.switched.away = true;
    await api.live.poll();
    const { body } = await seen(get('/health').expect(503));
    expect(body).toMatchObject({ status: 'unhealthy', model: { state: 'none' } });
  });

  it('shows the model’s version and age in /metrics', async () => {
    await publish();
    const { text, headers } = await seen(get('/metrics').expect(200));
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain('bookrec_model_info{version="v1"} 1');
    expect(text).toContain('bookrec_model_age_seconds{version="v1"} 60');
    expect(text).toMatch(/^bookrec_model_coverage{interval="0.95"} 0\.\d+$/m);
    expect(text).toContain('bookrec_degraded 0');
  });
});

describe('GET /', () => {
  it('answers programs with links that all work', async () => {
    await publish();
    const { body, headers } = await seen(get('/').set('Accept', 'application/json').expect(200));
    expect(headers['vary']).toBe('Accept');
    const { links } = body as { links: Record<string, string> };
    for (const link of Object.values(links)) await get(link).expect(200);
  });

  it('answers browsers with a page of which nothing is inline or from elsewhere', async () => {
    const asked = get('/?utm_source=mail').set('Accept', 'text/html,*/*;q=0.8');
    const { text, headers } = await seen(asked.expect(200));
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\//);
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)/);
    const assets = [...text.matchAll(/(?:src|href)="(\/app\.\w+)"/g)].map(([, path]) => path ?? '');
    expect(assets).toHaveLength(2);
    for (const asset of assets) await get(asset).expect(200);
  });
});

describe('what is not there', () => {
  it.each(['/nothing', '/recommend/8/more', '/recommend//8'])('is 404: %s', async (url) => {
    const { body, headers } = await seen(get(url).expect(404));
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
  });

  it.each([
    { method: 'delete', url: '/recommend/8', allow: 'GET, HEAD' },
    { method: 'get', url: '/recommend', allow: 'POST' },
    { method: 'post', url: '/users', allow: 'GET, HEAD' },
    { method: 'put', url: '/', allow: 'GET, HEAD' },
  ] as const)('is 405: $method $url', async ({ method, url, allow }) => {
    const answer = await request(api.listener)[method](url).expect(405);
    expect(answer.headers['allow']).toBe(allow);
    expect(answer.body).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });

  it('does not let unknown URLs into the labels of the metrics', async () => {
    await get('/nothing/at/all');
    const text = await api.metrics.registry.metrics();
    expect(text).toContain('{route="none",method="GET",status="404"} 1');
    expect(text).not.toContain('nothing');
  });
});

it('names every route in the table once', () => {
  const names = ROUTES.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
});
