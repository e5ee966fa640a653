import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createLog } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { publishSample, sampleCodec } from '../testing/sample-version.ts';
import { serve } from './serve.ts';
import type { VerbContext } from './verb.ts';
import { keysNew } from './verbs/keys-new.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-serve-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('serves the live version to who has a key, prints where, and ends when it is told to', async () => {
  const address = `lmdb:${path.join(folder, 'store')}`;
  const store = await openStore(address);
  await publishSample(store, '20260101-000000', ['8']);
  await store.close();

  const made: Array<{ key: string; entry: object }> = [];
  const log = createLog({ level: 'silent', format: 'json' });
  await keysNew.run({
    settings: { logLevel: 'silent', logFormat: 'json' } as VerbContext['settings'],
    operands: ['web', 'read'],
    log,
    output: {
      json: true,
      show: (value) => made.push(value as never),
      write: async () => undefined,
    },
    signal: new AbortController().signal,
  });
  const key = made[0]?.key ?? '';
  const apiKeysFile = path.join(folder, 'keys.json');
  writeFileSync(apiKeysFile, JSON.stringify({ keys: [made[0]?.entry] }));

  const stop = new AbortController();
  const shown = Promise.withResolvers<{ url: string }>();
  const ended = serve(
    {
      settings: {
        store: address,
        host: '127.0.0.1',
        port: 0,
        maxInFlight: 1000,
        drainSeconds: 0,
        apiKeysFile,
        rateLimit: 0,
        trustedProxies: 0,
        storeSnapshot: 'no',
        logLevel: 'silent',
        logFormat: 'json',
      },
      operands: [],
      log,
      output: {
        json: true,
        show: (value) => {
          shown.resolve(value as { url: string });
        },
        write: async () => undefined,
      },
      signal: stop.signal,
    },
    sampleCodec,
  );
  const { url } = await shown.promise;
  expect((await fetch(`${url}/recommend/8`)).status).toBe(401);
  expect(key).toMatch(/^bookrec_[\w-]{43}$/);
  const headers = { Authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/recommend/8`, { headers });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ user_id: '8', model_version: '20260101-000000' });

  stop.abort();
  await ended;
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
