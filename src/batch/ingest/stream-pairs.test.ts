import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'csv-stringify/sync';
import { streamPairs } from './stream-pairs.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

const pairsOf = async (content: string | Buffer, size = 7): Promise<string[][]> => {
  const pairs = streamPairs('pairs.csv', inChunks(Buffer.from(content), size));
  return (await allOf(pairs)).map(({ user, item }) => [user, item]);
};

describe('streamPairs', () => {
  it.each([
    { name: 'with a header', text: 'user,item\n8,x\n9,y\n' },
    { name: 'without a header', text: '8,x\n9,y' },
    { name: 'with other columns', text: 'rating,ITEM,when,User\n5,x,1,8\n6,y,2,9\n' },
    { name: 'with columns beyond the first two', text: '8,x,5\n9,y,\n' },
    { name: 'with empty lines and CRLF', text: '\r\nuser,item\r\n\r\n8,x\r\n9,y\r\n\r\n' },
  ])('reads CSV $name', async ({ text }) => {
    expect(await pairsOf(text)).toEqual([
      ['8', 'x'],
      ['9', 'y'],
    ]);
  });

  it('is without pairs where the source is empty or a header alone', async () => {
    expect(await pairsOf('')).toEqual([]);
    expect(await pairsOf('user,item\n')).toEqual([]);
  });

  it('reads back any ids that are written as CSV, however they are cut', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const pairs = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 9 }), async (ids, size) => {
        const csv = stringify([['user', 'item'], ...ids], { quoted: true });
        expect(await pairsOf(csv, size)).toEqual(ids);
      }),
      { numRuns: 60 },
    );
  });

  it('takes bytes that are no UTF-8 as Windows-1252', async () => {
    expect(await pairsOf(Buffer.from('f\u00fcr,x\n', 'latin1'))).toEqual([['für', 'x']]);
  });

  it.each([
    {
      name: 'a row without a book',
      text: 'user,item\n8,x\n9\n',
      want: 'pairs.csv, line 3, column 2:',
    },
    {
      name: 'a row before the column',
      text: 'n,user,item\n1,8\n',
      want: 'pairs.csv, line 2, column 3:',
    },
    { name: 'one column alone', text: '8\n', want: 'pairs.csv, line 1, column 2:' },
    {
      name: 'a quote that is not closed',
      text: '8,x\n"9,y\n',
      want: 'pairs.csv, line 2, column 1:',
    },
  ])('names line and column of $name', async ({ text, want }) => {
    await expect(pairsOf(text)).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringContaining(want) as unknown,
    });
  });

  it('passes on what its source throws, and stops when it is told to', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from('8,x\n');
      throw new Error('gone');
    }
    await expect(allOf(streamPairs('a pipe', failing()))).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringContaining('a pipe') as unknown,
      cause: { message: 'gone' },
    });
    const stopped = streamPairs('a pipe', inChunks(Buffer.from('8,x\n'), 1), AbortSignal.abort());
    await expect(allOf(stopped)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('takes in no more of the source than what is asked for, and lets go of it', async () => {
    let lines = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.from(`${++lines},x\n`);
      } finally {
        closed = true;
      }
    }
    for await (const { user } of streamPairs('a pipe', endless())) if (user === '3') break;
    await expect.poll(() => closed).toBe(true);
    expect(lines).toBeLessThan(20_000);
  });
});
