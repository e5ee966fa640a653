import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../runtime/errors.ts';
import { createLog } from '../runtime/log.ts';
import { certificate } from '../testing/certificate.ts';
import { leftOut } from '../testing/left-out.ts';
import { publishNumbered } from '../testing/publisher.ts';
import { feedbackConformance } from '../testing/feedback-conformance.ts';
import {
  freePort,
  hasRedisServer,
  type RedisServer,
  startRedisServer,
} from '../testing/redis-server.ts';
import { storeConformance } from '../testing/store-conformance.ts';
import { openKv, openStore, type StoreOptions } from './open-store.ts';
import type { Store } from './store.ts';

const SECRET = 'p@ss:word/100%';

async function server(...flags: string[]): Promise<RedisServer> {
  const started = await startRedisServer(flags);
  onTestFinished(() => started.stop());
  return started;
}

async function open(url: string, options: StoreOptions = {}): Promise<Store> {
  const store = await openStore(url, options);
  onTestFinished(() => store.close());
  return store;
}

/** All that an error could bring to a log. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = JSON.stringify(error, Object.getOwnPropertyNames(error));
  return `${own} ${everythingOf(error.cause)}`;
}

/** Commands that a server has refused since it has no memory. */
async function refusals(url: string): Promise<number> {
  const redis = new Redis(url);
  const stats = await redis.info('errorstats');
  redis.disconnect();
  return Number(/^errorstat_OOM:count=(\d+)/m.exec(stats)?.[1] ?? 0);
}

async function failure(call: Promise<unknown>): Promise<AppError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (!(error instanceof AppError)) throw new Error('the call did not fail as it should');
  return error;
}

if (await hasRedisServer()) {
  storeConformance('Redis', () => startRedisServer());
  feedbackConformance('Redis', () => startRedisServer());

  describe('openStore with redis://', () => {
    it('takes the password from the options or the address and never shows it', async () => {
      const { url, port } = await server('--requirepass', SECRET);
      const inUrl = `redis://default:${encodeURIComponent(SECRET)}@127.0.0.1:${port}/3`;
      for (const store of [await open(url, { password: SECRET }), await open(inUrl)]) {
        await store.ping();
        expect(store.address).toMatch(/^redis:\/\/127\.0\.0\.1:\d+\/[03]$/);
      }
    });

    it('reports a wrong password without naming it', async () => {
      const { url } = await server('--requirepass', 'right');
      for (const options of [{ password: SECRET }, {}]) {
        const error = await failure((await open(url, options)).ping());
        expect(error.code).toBe('STORE_UNAVAILABLE');
        expect(error.message).toContain('password');
        expect(everythingOf(error)).not.toContain(SECRET);
      }
    });

    it('speaks TLS to who shows a certificate of the given authority, as a user', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'bookrec-tls-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const place = async (name: string, text: string): Promise<string> => {
        await writeFile(path.join(folder, name), text);
        return path.join(folder, name);
      };
      const { cert, key, ca } = certificate(['localhost']);
      const caFile = await place('ca.crt', ca);
      const otherCa = await place('other.crt', certificate(['localhost']).ca);
      const files = ['--tls-cert-file', await place('tls.crt', cert)];
      files.push('--tls-key-file', await place('tls.key', key), '--tls-ca-cert-file', caFile);
      const port = await freePort();
      const only = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'];
      const users = [
        '--user',
        'default',
        'off',
        '--user',
        'shelf',
        'on',
        `>${SECRET}`,
        '~*',
        '+@all',
      ];
      const started = await startRedisServer([...only, ...files, ...users], port);
      onTestFinished(() => started.stop());
      const at = (host: string): string => `rediss://${host}:${port}`;
      const user = { username: 'shelf', password: SECRET };

      const store = await open(at('localhost'), { ...user, caFile });
      await store.ping();
      expect(store.address).toBe(`rediss://localhost:${port}/0`);
      const refused = [
        open(at('localhost'), { ...user, caFile: otherCa }),
        open(at('127.0.0.1'), { ...user, caFile }),
        open(`redis://localhost:${port}`, user),
        open(at('localhost'), { username: 'shelf', password: 'wrong', caFile }),
      ];
      for (const one of refused) {
        const error = await failure((await one).ping());
        expect(error.code).toBe('STORE_UNAVAILABLE');
        expect(everythingOf(error)).not.toContain(SECRET);
      }
    });

    it('has a snapshot on the disk that a killed server starts from', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'bookrec-snapshot-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const first = await server('--dir', folder);
      const store = await open(first.url);
      await publishNumbered(store, '1');
      await store.snapshot();
      await expect.poll(() => existsSync(path.join(folder, 'dump.rdb'))).toBe(true);
      await first.stop();
      const second = await open((await server('--dir', folder)).url);
      await second.ping();
      expect(await second.liveVersion()).toBe('1');
      expect(await second.reader('1', '7')).not.toBeNull();
    });

    it('reports a full server as STORE_FULL and leaves the old version whole', async () => {
      const { url } = await server('--maxmemory', '4mb', '--maxmemory-policy', 'noeviction');
      const store = await open(url);
      await publishNumbered(store, '1');
      const writer = await store.begin('2');
      const error = await failure(writer.putBlob('model', new Uint8Array(8 * 1024 * 1024)));
      expect(error.code).toBe('STORE_FULL');
      await writer.abort();
      expect(await store.liveVersion()).toBe('1');
      expect(await store.reader('1', '8')).not.toBeNull();
    });

    it('reports a key of another kind as corrupt', async () => {
      const { url } = await server();
      const kv = await openKv(url);
      onTestFinished(() => kv.close());
      await kv.addMember('bookrec:live', 'x', 1);
      await expect((await open(url)).liveVersion()).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
      });
    });

    it('sends feedback again to a server that lost it, and says once that it cannot yet', async () => {
      const lines: Array<{ msg: string; changes: number }> = [];
      const write = (line: string): unknown => lines.push(JSON.parse(line) as (typeof lines)[0]);
      const log = createLog({ level: 'info', format: 'json' }, { write });
      const first = await server();
      const store = await open(first.url, { log });
      const row = { reader: '8', book: 'a', rating: 9, time: 1 };
      await store.addFeedback([row], { name: 'k', request: 'x', seconds: 600 });
      await first.stop();
      // It takes no changes before it is told to.
      const second = await startRedisServer(['--maxmemory', '1'], first.port);
      onTestFinished(() => second.stop());
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(1);
      // longer than the pause between two tries
      await expect.poll(() => refusals(second.url), { timeout: 10_000 }).toBeGreaterThan(1);
      const redis = new Redis(second.url);
      await redis.config('SET', 'maxmemory', '0');
      redis.disconnect();
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);
      expect(lines.map(({ msg, changes }) => [msg, changes])).toEqual([
        ['changes that the store may have lost cannot be sent again yet', 1],
        ['changes that the store may have lost were sent again', 1],
      ]);
      expect((await store.feedback('8'))?.ratings).toMatchObject([{ book: 'a', rating: 9 }]);
    });

    it('fails soon while the server is away, then at once, and works again when it is back', async () => {
      const first = await startRedisServer();
      const store = await open(first.url);
      await store.ping();
      await first.stop();
      const away = { code: 'STORE_UNAVAILABLE', retryable: true };
      while (
        await store.ping().then(
          () => false,
          (error: unknown) => error,
        )
      ) {
        const before = performance.now();
        await expect(store.ping()).rejects.toMatchObject(away);
        if (performance.now() - before < 20) break;
      }
      const second = await startRedisServer([], first.port);
      onTestFinished(() => second.stop());
      await expect
        .poll(
          () =>
            store.ping().then(
              () => 'back',
              () => 'away',
            ),
          { timeout: 10_000 },
        )
        .toBe('back');
    });
  });
} else {
  leftOut('the store on Redis: there is no redis-server on the PATH');
}

describe('openStore', () => {
  it('reports a server that is not there', async () => {
    const store = await open('redis://127.0.0.1:1');
    const error = await failure(store.ping());
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toContain('redis://127.0.0.1:1/0');
  });

  it.each([
    ['no scheme', 'var/store'],
    ['another scheme', `http://user:${encodeURIComponent(SECRET)}@host`],
    ['no path', 'lmdb:'],
    ['no host', 'redis://'],
    ['a path that is no database', 'redis://host/x'],
    ['a query', `redis://host?password=${SECRET}`],
    ['a stray % in the password', `redis://user:${SECRET}@host`],
    ['a port that is none', `redis://user:secret@host:99999`],
  ])('refuses an address with %s', async (_name, url) => {
    const error = await failure(openStore(url));
    expect(error.code).toBe('BAD_SETTINGS');
    expect(everythingOf(error)).not.toContain(SECRET);
    expect(everythingOf(error)).not.toContain('secret@');
  });

  it('refuses a certificate file that cannot be read', async () => {
    const error = await failure(openStore('rediss://host', { caFile: '/nowhere/ca.pem' }));
    expect(error.code).toBe('BAD_SETTINGS');
    expect(error.message).toContain('/nowhere/ca.pem');
  });
});
