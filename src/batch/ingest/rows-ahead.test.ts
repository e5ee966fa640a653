import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../../testing/data-directory.ts';
import { GONE, watchThreads } from '../../testing/watch-threads.ts';
import { eachRow } from './packed-rows.ts';
import { PLAIN_CSV } from './pair-columns.ts';
import { RowsAhead } from './rows-ahead.ts';
import type { CsvFile, FileRows } from './rows-of.ts';

/** Two files, the first of which is large. */
const LARGE = Array.from({ length: 120_000 }, (_, n) => `reader ${n},book ${n % 7}\n`);
const { signal } = new AbortController();
const twoFiles = (): CsvFile[] => filesOf({ 'a.csv': LARGE.join(''), 'b.csv': 'last,one\n' });

function filesOf(contents: Readonly<Record<string, string>>): CsvFile[] {
  const dir = dataDirectory(contents);
  return Object.keys(contents).map((name) => ({
    file: { path: join(dir, name), name },
    csv: PLAIN_CSV,
  }));
}

async function all(rows: AsyncIterable<FileRows>): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of rows) {
    eachRow(some, (fields, line) => lines.push(`${line}: ${fields.join(',')}\n`));
  }
  return lines;
}

describe('rows of large files', () => {
  it('come from one thread, file by file and in order', async () => {
    const threads = watchThreads();
    const ahead = await RowsAhead.of(twoFiles(), signal, 2);
    expect(await all(ahead.next())).toEqual(LARGE.map((row, n) => `${n + 1}: ${row}`));
    expect(await all(ahead.next())).toEqual(['1: last,one\n']);
    await ahead.end();
    expect(threads.map(({ threadId }) => threadId)).toEqual([GONE]);
  });

  it('end with what the thread found, after the rows before it', async () => {
    const ahead = await RowsAhead.of(filesOf({ 'a.csv': `${LARGE.join('')}a,"b\n` }), signal, 2);
    const last: string[] = [];
    const reading = (async () => {
      for await (const some of ahead.next()) eachRow(some, ([reader = '']) => (last[0] = reader));
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: 'a.csv, line 120001, column 2: a quote is opened and not closed',
    });
    expect(last).toEqual(['reader 119999']);
    await ahead.end();
  });

  it('end with THREAD_LOST where the thread ends without an error', async () => {
    watchThreads((worker) => void worker.terminate());
    const ahead = await RowsAhead.of(twoFiles(), signal, 2);
    await expect(all(ahead.next())).rejects.toMatchObject({ code: 'THREAD_LOST' });
    await ahead.end();
  });

  it('end where the run is stopped', async () => {
    const stop = new AbortController();
    const ahead = await RowsAhead.of(twoFiles(), stop.signal, 2);
    const rows = ahead.next();
    await rows.next();
    stop.abort(new Error('stopped'));
    await expect(all(rows)).rejects.toMatchObject({
      code: 'CANCELLED',
      message: 'Stopped while reading a.csv',
    });
    await ahead.end();
  });
});

it('rows of small files need no thread', async () => {
  const threads = watchThreads();
  const ahead = await RowsAhead.of(twoFiles().slice(1), signal, 2);
  expect(await all(ahead.next())).toEqual(['1: last,one\n']);
  expect(threads).toEqual([]);
});
