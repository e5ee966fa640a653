import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData, type GeneratedRow } from '../testing/generated-data.ts';
import { hashedBelow } from './evaluate/split.ts';
import { START_BLOB } from './train/start-point.ts';
import { train } from './train-run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-warm-'));
const generated = generatedData();
const all = writeFiles(path.join(folder, 'all'), generated.files);

/** The same books and readers with other ratings. */
function variant(name: string, rows: readonly GeneratedRow[]): string {
  const lines = rows.map(({ user, item, value }) => `${user},${item},${value ?? ''}`);
  const ratings = `user_id,item_id,rating\n${lines.join('\n')}\n`;
  return writeFiles(path.join(folder, name), { ...generated.files, 'ratings.csv': ratings });
}

const isTest = ({ user, item }: GeneratedRow): boolean => hashedBelow(`1:${user}:${item}`, 0.1);
/** Without every tenth reader and every tenth book, in another order. */
const few = variant(
  'few',
  generated.rows
    .filter(({ user, item }) => !user.endsWith('1') && !item.endsWith('3'))
    .toReversed(),
);
const flipped = variant(
  'flipped',
  generated.rows.map((row) =>
    row.value !== null && isTest(row) ? { ...row, value: 11 - row.value } : row,
  ),
);

let store: Store;
let old: string;

beforeAll(async () => {
  store = await openStore(`lmdb:${path.join(folder, 'store')}`);
  old = (await trainOn(few)).version ?? '';
});

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const COLD_SWEEPS = 15;

function trainOn(data: string, settings: Partial<Settings> = {}): Promise<RunRecord> {
  const { signal } = new AbortController();
  const deps = { store, log: pino({ level: 'silent' }), signal };
  const given = { data, sweeps: COLD_SWEEPS, publish: 'always', keep: 100, ...settings } as const;
  return train(batchSettings(given), deps);
}

describe('a warm start', () => {
  it('reaches with new readers and books in a third of the sweeps what a cold start reaches, and later trainings see no held-out rating', async () => {
    const cold = await trainOn(all, { warmStart: 'none', publish: 'never' });
    const warm = await trainOn(all, { warmStart: old, sweeps: COLD_SWEEPS / 3 });
    expect(warm.start).toEqual({ version: old, reason: `version ${old} fits` });
    expect(cold.start).toEqual({ version: null, reason: 'none was asked for' });
    expect(rmseOf(warm)).toBeLessThan(1.003 * rmseOf(cold));
    const other = await trainOn(flipped, { warmStart: old, sweeps: COLD_SWEEPS / 3 });
    expect(rmseOf(other)).not.toBe(rmseOf(warm));
    const blobs = [warm, other].map(({ version }) => store.blob(version ?? '', START_BLOB));
    expect(await blobs[0]).toEqual(await blobs[1]);
  });

  it.each([
    { what: 'another rank', settings: { rank: 3 }, why: 'rank 2 there, 3 here' },
    { what: 'another split', settings: { seed: 2 }, why: 'seed 1 there, 2 here' },
  ])(
    'is refused with $what: the live version is passed over, a named one is an error',
    async ({ settings, why }) => {
      await expect(trainOn(few, { ...settings, warmStart: old })).rejects.toMatchObject({
        code: 'BAD_SETTINGS',
        message: `Training cannot start from version ${old}: ${why}`,
      });
      const live = await store.liveVersion();
      const { start } = await trainOn(few, { ...settings, publish: 'never', sweeps: 2 });
      expect(start).toEqual({
        version: null,
        reason: `the live version ${live} does not fit: ${why}`,
      });
    },
  );

  it('is refused from a version that is not there', async () => {
    await expect(trainOn(few, { warmStart: 'gone' })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    });
  });
});

function rmseOf({ metrics }: RunRecord): number {
  return metrics?.model.rmse ?? NaN;
}
