import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openStore } from '../store/open-store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { evaluate } from './evaluate-run.ts';
import { rounded } from './rounded.ts';
import { train } from './train-run.ts';

const lineSchema = z.looseObject({ msg: z.string() });

/** A log that keeps its lines. */
function keptLog() {
  const lines: Array<z.infer<typeof lineSchema>> = [];
  const write = (line: string): void => {
    lines.push(lineSchema.parse(JSON.parse(line)));
  };
  return { lines, log: pino({ timestamp: false, base: null }, { write }) };
}

const digitsOf = (value: number): number =>
  String(Math.abs(value)).replace(/e.*/, '').replace('.', '').replace(/^0+/, '').length;

describe('rounded', () => {
  it('keeps 7 significant digits, whole numbers up to that, and null', () => {
    expect(rounded({ a: -612_345.678_9, b: 1.234_567_89e-7, c: 40, d: null })).toEqual({
      a: -612_345.7,
      b: 1.234_568e-7,
      c: 40,
      d: null,
    });
  });
});

describe('the log of a training', () => {
  it('has no number of more than 7 digits, the record all of them', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-rounded-'));
    const store = await openStore(`lmdb:${path.join(folder, 'store')}`);
    onTestFinished(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });
    const data = writeFiles(path.join(folder, 'data'), generatedData().files);
    const settings = batchSettings({ data, publish: 'never' });
    const { signal } = new AbortController();
    const { lines, log } = keptLog();
    const record = await train(settings, { store, log, signal });
    await evaluate(settings, { log, signal });
    const told = lines.filter(({ msg }) => msg === 'sweep' || msg === 'measured');
    const numbers = told.flatMap((line) =>
      Object.values(line).filter((n) => typeof n === 'number'),
    );
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter((n) => digitsOf(n) > 7)).toEqual([]);
    const measured = lines.find(({ msg }) => msg === 'measured')?.['rmse'];
    const { rmse = 0 } = record.metrics?.model ?? {};
    expect(digitsOf(rmse)).toBeGreaterThan(10);
    expect(measured).toBeCloseTo(rmse, 5);
  });
});
