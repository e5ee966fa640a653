import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../../testing/data-directory.ts';
import { readPairs } from './read-pairs.ts';

const fileWith = (content: string | Uint8Array): string =>
  join(dataDirectory({ 'rows.csv': content }), 'rows.csv');

/** Line, user and item of each pair. */
async function pairsIn(content: string | Uint8Array): Promise<unknown[]> {
  const file = fileWith(content);
  const pairs = await readPairs(file);
  expect(pairs.every((pair) => pair.file === file)).toBe(true);
  return pairs.map(({ line, user, item }) => [line, user, item]);
}

const TWO = [
  [2, '8', '0440234743'],
  [3, 'ü, 2', '039592720x'],
];

describe('readPairs', () => {
  it.each([
    { format: 'plain CSV', text: 'user,item\n8,0440234743\n"ü, 2",039592720x\n' },
    {
      format: 'plain CSV with a rating',
      text: 'user,item,rating\n8,0440234743,\n"ü, 2",039592720x,9',
    },
    {
      format: 'CRLF and a byte order mark',
      text: '\ufeffuser,item\r\n8,0440234743\r\n"ü, 2",039592720x\r\n',
    },
    {
      format: 'other columns first',
      text: 'n,ISBN,User-ID\n1,0440234743,8\n2,039592720x,"ü, 2"\n',
    },
    {
      format: 'what predict writes',
      text: 'user,item,mean,sd\n8,0440234743,7.5,1\n"ü, 2",039592720x,7,1\n',
    },
    {
      format: 'the dump',
      text: '"User-ID";"ISBN";"Book-Rating"\n"8";"0440234743";"5"\n"ü, 2";"039592720x";"9"\n',
    },
    {
      format: 'the newer edition',
      text: 'User-ID,ISBN,Book-Rating\n8,0440234743,5\n"ü, 2",039592720x,9\n',
    },
    {
      format: 'the generic format',
      text: 'user_id,item_id,rating\n8,0440234743,5\n"ü, 2",039592720x,9\n',
    },
    {
      format: 'movielens-csv',
      text: 'userId,movieId,rating,timestamp\n8,0440234743,5,1\n"ü, 2",039592720x,4,2\n',
    },
  ])('reads $format, plain or gzipped', async ({ text }) => {
    expect(await pairsIn(text)).toEqual(TWO);
    expect(await pairsIn(gzipSync(text))).toEqual(TWO);
  });

  it.each([
    { format: 'plain CSV without a header', text: '8,0440234743\n9,x,7\n' },
    { format: 'movielens-100k', text: '8\t0440234743\t5\t1\n9\tx\t3\t2\n' },
    { format: 'movielens-dat', text: '8::0440234743::5::1\n9::x::3::2\n' },
  ])('reads $format from the first line on', async ({ text }) => {
    expect(await pairsIn(text)).toEqual([
      [1, '8', '0440234743'],
      [2, '9', 'x'],
    ]);
  });

  it('leaves out interactions where the format has such', async () => {
    expect(await pairsIn('User-ID;ISBN;Book-Rating\n1;a;0\n1;b;5\n')).toEqual([[3, '1', 'b']]);
    expect(await pairsIn('user_id,item_id,rating\n1,a,\n1,b,0\n')).toEqual([[3, '1', 'b']]);
  });

  it.each([
    {
      name: 'no second column',
      text: 'user\n8\n',
      want: 'line 1, column 1: no pairs of ids: user',
    },
    { name: 'nothing', text: '', want: 'line 1, column 1: the file is empty' },
    { name: 'a PDF', text: '%PDF-1.7\n', want: 'line 1, column 1: this is a PDF document' },
    {
      name: 'a row without a book',
      text: '8,x\n9\n',
      want: 'line 2, column 2 (item): missing-book-id, ""',
    },
    {
      name: 'an empty reader',
      text: 'item,user\nx,8\nx, \n',
      want: 'line 3, column 2 (user): missing-reader-id, ""',
    },
    {
      name: 'a bad row of a known format',
      text: 'User-ID;ISBN;Book-Rating\n1;a;5\n1;b;five\n',
      want: 'line 3, column 3 (book-rating): rating-not-a-number, "five"',
    },
  ])('names file, line and column of $name', async ({ text, want }) => {
    const file = fileWith(text);
    await expect(readPairs(file)).rejects.toMatchObject({ code: 'DATA_UNREADABLE' });
    await expect(readPairs(file)).rejects.toThrow(file);
    await expect(readPairs(file)).rejects.toThrow(want);
  });

  it('refuses a file that names no rated pair, and one that is not there', async () => {
    const interactions = fileWith('User-ID;ISBN;Book-Rating\n1;a;0\n');
    await expect(readPairs(interactions)).rejects.toMatchObject({ code: 'DATA_EMPTY' });
    await expect(readPairs('/nowhere/rows.csv')).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: '/nowhere/rows.csv: cannot be opened',
    });
  });

  it('stops when it is told to', async () => {
    const rows = readPairs(fileWith('user,item\n8,x\n'), AbortSignal.abort());
    await expect(rows).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
