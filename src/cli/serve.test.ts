import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createLog } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { publishSample, sampleCodec } from '../testing/sample-version.ts';
import { serve } from './serve.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-serve-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('serves the live version, prints where, and ends when it is told to', async () => {
  const address = `lmdb:${path.join(folder, 'store')}`;
  const store = await openStore(address);
  await publishSample(store, '20260101-000000', ['8']);
  await store.close();

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
        logLevel: 'silent',
        logFormat: 'json',
      },
      operands: [],
      log: createLog({ level: 'silent', format: 'json' }),
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
  const answer = await fetch(`${url}/recommend/8`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ user_id: '8', model_version: '20260101-000000' });

  stop.abort();
  await ended;
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
