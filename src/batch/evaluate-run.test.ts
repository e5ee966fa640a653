import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../contracts/metrics.ts';
import type { Settings } from '../contracts/settings.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData, type GeneratedRow } from '../testing/generated-data.ts';
import { evaluate } from './evaluate-run.ts';
import { hashedBelow } from './evaluate/split.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-evaluate-'));
const { files, rows } = generatedData();
const data = writeFiles(path.join(folder, 'data'), files);
const rated = rows.filter(({ value }) => value !== null);
const isTest = ({ user, item }: GeneratedRow): boolean => hashedBelow(`1:${user}:${item}`, 0.1);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function evaluated(settings: Partial<Settings>): Promise<Metrics> {
  const { signal } = new AbortController();
  return evaluate(batchSettings({ data, ...settings }), { log: pino({ level: 'silent' }), signal });
}

const csvOf = (chosen: readonly GeneratedRow[]): string =>
  ['user,item', ...chosen.map(({ user, item }) => `${user},${item}`)].join('\n');

describe('evaluate', () => {
  it('on two files measures what the random split of the same rows does', async () => {
    writeFiles(folder, {
      'train.csv.gz': gzipSync(csvOf(rated.filter((row) => !isTest(row)))),
      'test.csv': csvOf(rated.filter(isTest)),
    });
    const files = {
      trainFile: path.join(folder, 'train.csv.gz'),
      testFile: path.join(folder, 'test.csv'),
    };
    await expect(evaluated({ ...files, core: 5, split: 'temporal' })).rejects.toMatchObject({
      code: 'BAD_SETTINGS',
      message: expect.stringMatching(/^--core, --split cannot go with/) as string,
    });
    const byFiles = await evaluated(files);
    const bySplit = await evaluated({ split: 'random', heldOut: 0.1, seed: 1 });
    expect(bySplit).toMatchObject({
      trainRows: rated.filter((row) => !isTest(row)).length,
      testRows: rated.filter(isTest).length,
    });
    expect({ ...byFiles, split: bySplit.split }).toEqual(bySplit);
  });

  it.each(['leave-cold-readers', 'leave-cold-books'] as const)(
    'on %s predicts rows of which one side was never seen',
    async (split) => {
      const metrics = await evaluated({ split });
      expect(metrics.trainRows + metrics.testRows).toBe(rated.length);
      const slices =
        split === 'leave-cold-readers' ? metrics.byReaderRatings : metrics.byBookRatings;
      expect(slices.find(({ name }) => name === '0')?.rows).toBe(metrics.testRows);
      expect(metrics.model.rmse).toBeLessThan(metrics.baselines.globalMean.rmse);
    },
  );

  it('trains only on readers and books with enough ratings', async () => {
    const all = await evaluated({});
    const some = await evaluated({ minReaderRatings: 10, minBookRatings: 10 });
    expect(some.trainRows).toBeLessThan(all.trainRows);
    expect(some.trainRows).toBeGreaterThan(0);
  });

  it('trains and measures on the core alone, where that is asked for', async () => {
    const once = await evaluated({ minReaderRatings: 10, minBookRatings: 10 });
    const core = await evaluated({ core: 10 });
    expect(core.trainRows).toBeLessThan(once.trainRows);
    expect(core.testRows).toBeLessThan(once.testRows);
    expect(core.trainRows).toBeGreaterThan(1000);
  });

  it.each([
    { name: 'one file alone', settings: { testFile: 'x.csv' }, code: 'BAD_SETTINGS' },
    {
      name: 'a temporal split without times',
      settings: { split: 'temporal' },
      code: 'BAD_SETTINGS',
    },
    { name: 'nothing held out', settings: { heldOut: 0 }, code: 'DATA_EMPTY' },
    { name: 'all held out', settings: { heldOut: 1 }, code: 'DATA_EMPTY' },
    { name: 'a core of nothing', settings: { core: 100 }, code: 'DATA_EMPTY' },
    { name: 'filters that nothing passes', settings: { minBookRatings: 500 }, code: 'DATA_EMPTY' },
  ] as const)('refuses $name', async ({ settings, code }) => {
    await expect(evaluated(settings)).rejects.toMatchObject({ code });
  });
});
