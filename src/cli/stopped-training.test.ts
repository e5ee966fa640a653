import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../batch/train-run.ts';
import { type Settings, settingsSchema } from '../contracts/settings.ts';
import { environment, projectFolder } from '../runtime/environment.ts';
import { VERSIONS_SET } from '../store/keys.ts';
import type { Kv } from '../store/kv.ts';
import { openKv, openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { PUBLISHED_READERS, publishNumbered } from '../testing/publisher.ts';
import { allIds, expectFrom } from '../testing/store-cases.ts';
import { contentOf } from '../testing/version-content.ts';

const DAY = 24 * 60 * 60 * 1000;

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-stopped-'));
const address = `lmdb:${path.join(folder, 'store')}`;
const summary = path.join(folder, 'summary.json');
/** Enough readers for a training that is still at work when it is stopped. */
const data = writeFiles(
  path.join(folder, 'data'),
  generatedData({ readers: 800, otherBooks: 1000 }).files,
);
const small = writeFiles(path.join(folder, 'small'), generatedData({ readers: 120 }).files);
const quiet = { log: pino({ level: 'silent' }), signal: new AbortController().signal };

let store: Store;
let kv: Kv;
let child: ChildProcess | null = null;
const children: ChildProcess[] = [];

beforeAll(async () => {
  store = await openStore(address);
  kv = await openKv(address);
  await publishNumbered(store, '1');
});

afterEach(() => {
  for (const one of children.splice(0)) one.kill('SIGKILL');
});

afterAll(async () => {
  await kv.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** A training as its own process, the lines of its log and how it ends. */
function startTraining(...args: readonly string[]): {
  process: ChildProcess;
  lines: AsyncIterable<string>;
  ended: Promise<Ended>;
} {
  const started = spawn(`${projectFolder}/bin/bookrec`, ['train', ...args], {
    cwd: folder,
    env: { PATH: environment()['PATH'], STORE_URL: address, DATA_DIR: data, THREADS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child = started;
  children.push(started);
  let stderr = '';
  started.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(started, 'close').then(([code]: Array<number | null>) => ({
    code: code ?? null,
    stderr,
  }));
  return { process: started, lines: createInterface(started.stderr), ended };
}

async function expectOldVersionWhole(): Promise<void> {
  expect(await store.liveVersion()).toBe('1');
  expect((await store.versions()).map(({ version }) => version)).toEqual(['1']);
  const ids = await allIds(store, '1', 1000);
  expect(ids).toHaveLength(PUBLISHED_READERS);
  for (const id of ids) await expectFrom(store, '1', id);
}

/** Names in the set of versions, complete or not. */
async function registered(): Promise<string[]> {
  return (await kv.members(VERSIONS_SET)).map(({ name }) => name).sort();
}

describe('a training that is stopped', () => {
  it('by SIGTERM ends with 1, says so in its record and publishes nothing', async () => {
    const { process: training, lines, ended } = startTraining('--summary', summary);
    for await (const line of lines) if (line.includes('"sweep":2')) break;
    training.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('nothing was published');
    const [record] = await store.runs(1);
    expect(record).toMatchObject({
      state: 'cancelled',
      version: null,
      progress: { phase: 'train' },
      error: { code: 'CANCELLED' },
    });
    expect(record?.finishedAt).not.toBeNull();
    expect(JSON.parse(readFileSync(summary, 'utf8'))).toMatchObject({
      state: 'cancelled',
      published: false,
    });
    await expectOldVersionWhole();
    expect(await registered()).toEqual(['1']);
  });

  it('by SIGTERM in the middle of publishing removes what it has written', async () => {
    const { process: training, ended } = startTraining(...SLOW_LISTS);
    await someReaderWritten();
    training.kill('SIGTERM');
    expect((await ended).code).toBe(1);
    expect((await store.runs(1))[0]).toMatchObject({ state: 'cancelled', version: null });
    await expectOldVersionWhole();
    expect(await registered()).toEqual(['1']);
  });

  it('by SIGKILL in the middle of publishing leaves the old version whole, and the next training clears up', async () => {
    const { process: training, ended } = startTraining(...SLOW_LISTS);
    const left = await someReaderWritten();
    training.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    await expectOldVersionWhole();
    expect(await registered()).toEqual(['1', left].sort());

    const later = await openStore(address, { now: () => Date.now() + DAY });
    const [killed] = await later.runs(1);
    expect(killed).toMatchObject({ state: 'lost', version: null, error: { code: 'CANCELLED' } });
    const record = await train(batchSettings({ data: small, publish: 'always' }), {
      store: later,
      ...quiet,
    });
    expect(await later.liveVersion()).toBe(record.version);
    expect(await registered()).toEqual(['1', record.version ?? ''].sort());
    expect(await later.reader(left, 'r10')).toBeNull();
    await later.close();
  });
});

describe('a training that is killed after a checkpoint by the clock', () => {
  it('goes on there when it is started again, to the bytes of one that was not killed', async () => {
    const [whole, killed] = [storeAt('whole'), storeAt('killed')];
    const often = ['--checkpoint-minutes', '0.0001'];
    const settings = ['--store', killed, '--data', small, '--sweeps', '12', ...often];
    const first = startTraining(...settings);
    for await (const line of first.lines) if (line.includes('"sweep":6')) break;
    first.process.kill('SIGKILL');
    expect((await first.ended).code).toBeNull();
    expect((await startTraining(...settings).ended).code).toBe(0);
    await trainHere(whole, { ...settingsSchema.parse({}), data: small, sweeps: 12, threads: 1 });
    const [wanted, got] = [await contentOfLive(whole), await contentOfLive(killed)];
    expect(wanted.record).toMatchObject({ state: 'succeeded', resumedAt: null });
    const resumedAt = expect.any(String) as unknown;
    expect(got.record).toMatchObject({ state: 'succeeded', resumedAt });
    expect(got.record?.contentHash).toBe(wanted.record?.contentHash);
    expect(isDeepStrictEqual(got.content, wanted.content)).toBe(true);
  }, 40_000);
});

async function trainHere(at: string, settings: Settings): Promise<void> {
  const own = await openStore(at);
  await train(settings, { store: own, ...quiet }).finally(() => own.close());
}

const storeAt = (name: string): string => `lmdb:${path.join(folder, name)}`;

async function contentOfLive(at: string) {
  const own = await openStore(at);
  try {
    const [record] = await own.runs(1);
    return { record, content: await contentOf(own, (await own.liveVersion()) ?? '') };
  } finally {
    await own.close();
  }
}

/** Lists of all books by a policy that scores each, so that writing them takes a while. */
const SLOW_LISTS = [
  '--sweeps',
  '3',
  '--publish',
  'always',
  '--policy',
  'cautious',
  '--list-length',
  '400',
];

/** Waits for the first lists of a version that is not complete, and gives its name. */
async function someReaderWritten(): Promise<string> {
  for (;;) {
    const version = (await registered()).find((name) => name !== '1');
    if (version !== undefined && (await store.reader(version, 'r10')) !== null) return version;
    if (child?.exitCode !== null) throw new Error('the training ended before it was stopped');
    await delay(2);
  }
}
