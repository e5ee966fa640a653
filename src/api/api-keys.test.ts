import { hash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scope } from '../contracts/api-keys.ts';
import { type ApiUnderTest, apiUnderTest, type Seen, seen } from '../testing/api-under-test.ts';
import { publishSample } from '../testing/sample-version.ts';
import { ApiKeys } from './api-keys.ts';
import { doorOf } from './door.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';

const NOW = new Date('2026-01-02T03:05:05.000Z');

let folder: string;
let logged: string;
let keys: ApiKeys;

interface Given {
  readonly key: string;
  readonly scopes: readonly Scope[];
  readonly expires?: string;
}

const fileOf = (given: readonly Given[]): string =>
  JSON.stringify({
    keys: given.map(({ key, ...rest }) => ({
      name: `of-${key}`,
      sha256: hash('sha256', key),
      ...rest,
    })),
  });

/** Writes the file as kubelet does: into a folder of its own, to which a link is swapped. */
function mount(text: string): void {
  const data = mkdtempSync(path.join(folder, '..data-'));
  writeFileSync(path.join(data, 'keys.json'), text);
  symlinkSync(data, path.join(folder, 'next'));
  renameSync(path.join(folder, 'next'), path.join(folder, 'current'));
}

const file = (): string => path.join(folder, 'current', 'keys.json');

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bookrec-keys-'));
  logged = '';
  mount(
    fileOf([
      { key: 'reader', scopes: ['read'] },
      { key: 'writer', scopes: ['feedback'] },
      { key: 'boss', scopes: ['admin'] },
      { key: 'late', scopes: ['read'], expires: '2026-01-02T03:05:05Z' },
      { key: 'early', scopes: ['read'], expires: '2026-01-02T03:05:06Z' },
    ]),
  );
  const log = pino({}, { write: (line: string) => void (logged += line) });
  keys = await ApiKeys.open(file(), { now: () => NOW, seconds: () => 0 }, log);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

const VERBS = { GET: 'get', POST: 'post', DELETE: 'delete' } as const;

describe('a server with keys', () => {
  let api: ApiUnderTest;

  beforeEach(async () => {
    api = await apiUnderTest(doorOf({ keys }));
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
  });

  afterEach(async () => {
    await api[Symbol.asyncDispose]();
  });

  async function expectGuarded({ method, path: pattern, scope }: Route): Promise<void> {
    const url = pattern.replaceAll(/\{\w+\}/g, '8');
    const ask = (headers: Record<string, string>): Promise<Seen> =>
      seen(request(api.listener)[VERBS[method]](url).set(headers));
    const needed = { code: 'KEY_NEEDED', status: 401 };
    const without = await ask({});
    expect(without.body, url).toMatchObject(needed);
    expect(without.headers['www-authenticate']).toBe('Bearer realm="bookrec"');
    for (const wrong of [
      bearer('nobody'),
      bearer('late'),
      { Authorization: 'Basic cmVhZGVyOg==' },
    ]) {
      const refused = await ask(wrong);
      expect(refused.body, url).toMatchObject(needed);
      expect(refused.headers['www-authenticate']).toMatch(/error="invalid_token"/);
    }
    for (const [good, holder] of Object.entries({
      read: 'reader',
      feedback: 'writer',
      admin: 'boss',
    })) {
      const { body, headers } = await ask(bearer(holder));
      if (good === scope) {
        expect(body, url).not.toHaveProperty('code', expect.stringMatching(/^KEY_/));
        expect(headers['cache-control'] ?? '').not.toMatch(/public/);
      } else {
        expect(body, url).toMatchObject({ code: 'KEY_LACKS_SCOPE', status: 403 });
        expect(headers['www-authenticate']).toMatch(`scope="${scope}"`);
      }
    }
  }

  it('leaves open what the platform and the page need, and nothing else', () => {
    const open = ROUTES.filter(({ scope }) => scope === 'open').map(({ path }) => path);
    expect(open.sort()).toEqual(
      ['/', '/app.css', '/app.js', '/livez', '/metrics', '/openapi.json', '/readyz'].sort(),
    );
  });

  it('asks for a key with the scope of each of the other routes', async () => {
    for (const route of ROUTES.filter(({ scope }) => scope !== 'open')) await expectGuarded(route);
  });

  it('takes a key until it expires, and one whose file has changed from then on', async () => {
    const status = async (key: string): Promise<number> =>
      (await request(api.listener).get('/recommend/8').set(bearer(key))).status;
    expect([await status('early'), await status('late')]).toEqual([200, 401]);
    mount(fileOf([{ key: 'next', scopes: ['read'] }]));
    expect([await status('reader'), await status('next')]).toEqual([200, 401]);
    await keys.refresh();
    expect([await status('reader'), await status('next')]).toEqual([401, 200]);
  });
});

describe('a file of keys', () => {
  it.each([
    ['not JSON', 'secret-looking {'],
    ['no keys', '{}'],
    ['an unknown scope', '{"keys":[{"name":"a","scopes":["root"],"sha256":"00"}]}'],
    ['a name twice', fileOf([{ key: 'a', scopes: ['read'] }]).replace(/\[(\{.*\})\]/, '[$1,$1]')],
    ['gone', null],
  ])('that is broken (%s) changes nothing, and is told once', async (_, text) => {
    if (text === null) rmSync(file());
    else mount(text);
    logged = '';
    await keys.refresh();
    await keys.refresh();
    expect(keys.holder('reader')?.name).toBe('of-reader');
    expect(logged.match(/keys stay as they were/g)).toHaveLength(1);
    expect(logged).not.toContain('secret-looking');
    await expect(
      ApiKeys.open(file(), { now: () => NOW, seconds: () => 0 }, pino({ enabled: false })),
    ).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
  });
});
