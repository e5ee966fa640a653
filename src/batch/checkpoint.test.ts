import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import type { Clock } from '../runtime/clock.ts';
import { CHECKPOINTS_SET } from '../store/keys.ts';
import { openKv, openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { contentOf } from '../testing/version-content.ts';
import { train } from './train-run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-checkpoint-'));
const data = writeFiles(path.join(folder, 'data'), generatedData({ readers: 120 }).files);
const address = (name: string): string => `lmdb:${path.join(folder, name)}`;

/** What an uninterrupted training publishes. */
let wanted: unknown;

beforeAll(async () => {
  const store = await openStore(address('whole'));
  const { version } = await trainUntil(store, () => false);
  wanted = await contentOf(store, version ?? '');
  await store.close();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Every look at it takes ten seconds, so that five minutes pass in a few sweeps. */
function fastClock(): Clock {
  let seconds = 0;
  return { now: () => new Date(), seconds: () => (seconds += 10) };
}

/** Trains until a record that goes to the store fits; then it is stopped as by SIGTERM, or killed, which leaves no time for a word. */
async function trainUntil(
  real: Store,
  isEnd: (record: RunRecord) => boolean,
  how: 'stopped' | 'killed' = 'stopped',
  settings: Partial<Settings> = {},
): Promise<RunRecord> {
  const controller = new AbortController();
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'putRun') return value.bind(target) as unknown;
      return async (record: RunRecord) => {
        await target.putRun(record);
        if (record.state !== 'running' || !isEnd(record)) return;
        if (how === 'killed') throw new Error('killed');
        controller.abort();
      };
    },
  });
  const log = pino({ level: 'silent' });
  const deps = { store, log, signal: controller.signal, clock: fastClock() };
  return train(batchSettings({ data, publish: 'always', warmStart: 'none', ...settings }), deps);
}

/** In that phase after that sweep of 22: 12 that choose, then 5 and 5 that take in more rows. */
const at =
  (phase: string, sweep: number) =>
  ({ progress }: RunRecord): boolean =>
    progress.phase === phase && progress.sweep === sweep && progress.of === 22;

describe('a training that is started again', () => {
  it('after a stop in each of its parts publishes the bytes of one that was not stopped', async () => {
    const store = await openStore(address('stopped'));
    const cancelled = { code: 'CANCELLED', hint: expect.stringMatching('goes on') as unknown };
    for (const [end, resumedAt] of [
      [at('train', 3), null],
      [at('train', 9), 'train'],
      [at('train', 14), 'train'],
      [at('refit', 19), 'refit'],
      [at('recommend', 22), 'publish'],
    ] as const) {
      await expect(trainUntil(store, end)).rejects.toMatchObject(cancelled);
      const [run] = await store.runs(1);
      expect(run).toMatchObject({ state: 'cancelled', resumedAt });
    }
    const record = await trainUntil(store, () => false);
    expect(record).toMatchObject({ state: 'succeeded', resumedAt: 'publish' });
    expect(await contentOf(store, record.version ?? '')).toEqual(wanted);
    await store.close();
    const kv = await openKv(address('stopped'));
    expect(await kv.members(CHECKPOINTS_SET)).toEqual([]);
    await kv.close();
  });

  it('goes on with latent ratings where they were', async () => {
    const settings = { fitTo: 'ordinal' } as const;
    const contents: unknown[] = [];
    for (const isStopped of [false, true]) {
      const store = await openStore(address(`latent-${isStopped}`));
      if (isStopped) {
        const first = trainUntil(store, at('train', 9), 'stopped', settings);
        await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
      }
      const record = await trainUntil(store, () => false, 'stopped', settings);
      expect(record.resumedAt).toBe(isStopped ? 'train' : null);
      contents.push(await contentOf(store, record.version ?? ''));
      await store.close();
    }
    expect(contents[1]).toEqual(contents[0]);
    // another model than that of the scores
    expect(contents[0]).not.toEqual(wanted);
  });

  it('after it was killed goes on from the last checkpoint that it wrote by the clock, once it has the memory', async () => {
    const store = await openStore(address('killed'));
    await expect(trainUntil(store, at('train', 11), 'killed')).rejects.toThrow('killed');
    // less than the process has already
    const withLittle = trainUntil(store, () => false, 'stopped', { memoryBudget: 64 });
    await expect(withLittle).rejects.toMatchObject({ code: 'MEMORY_TOO_SMALL' });
    const record = await trainUntil(store, () => false);
    expect(record.resumedAt).toBe('train');
    expect(await contentOf(store, record.version ?? '')).toEqual(wanted);
    await store.close();
  });

  it('starts anew where the checkpoint has changed', async () => {
    const store = await openStore(address('damaged'));
    await expect(trainUntil(store, at('train', 3))).rejects.toThrow('stopped');
    const kv = await openKv(address('damaged'));
    const [training] = await kv.members(CHECKPOINTS_SET);
    const key = `bookrec:checkpoint:${training?.name ?? ''}:b:0:0`;
    expect(await kv.get(key)).not.toBeNull();
    await kv.put(key, Buffer.from('nonsense'));
    await kv.close();
    const record = await trainUntil(store, () => false);
    expect(record.resumedAt).toBeNull();
    expect(await contentOf(store, record.version ?? '')).toEqual(wanted);
    await store.close();
  });
});
