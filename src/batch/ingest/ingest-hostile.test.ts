import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../runtime/errors.ts';
import { dataDirectory } from '../../testing/data-directory.ts';
import { ingest } from './ingest.ts';

const RATINGS = 'BX-Book-Ratings.csv';
const HEADER = '"User-ID";"ISBN";"Book-Rating"\r\n';
const ISBN = '0306406152';

const rows = (count: number): string =>
  Array.from({ length: count }, (_, i) => `"${i}";"${ISBN}";"${(i % 10) + 1}"\r\n`).join('');

async function failure(dir: string): Promise<AppError> {
  const error: unknown = await ingest({ dir, scale: null }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
  return error;
}

const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256));
const pdf = Buffer.concat([Buffer.from('%PDF-1.7\n'), noise]);

describe('ingest refuses', () => {
  it('a directory without data files', async () => {
    const error = await failure(dataDirectory({ 'notes.txt': 'hello' }));
    expect(error.code).toBe('DATA_NOT_FOUND');
    expect(error.message).toContain('bx-book-ratings.csv');
    expect(error.message).toContain('u.data');
  });

  it('a directory that does not exist', async () => {
    expect((await failure('/nowhere/at/all')).code).toBe('DATA_NOT_FOUND');
  });

  it('a file in place of the directory', async () => {
    const error = await failure(join(dataDirectory({ [RATINGS]: HEADER }), RATINGS));
    expect(error).toMatchObject({ code: 'DATA_NOT_FOUND' });
    expect(error.message).toContain('is a file, not a directory');
  });

  it('a directory in place of a file', async () => {
    const dir = dataDirectory({});
    mkdirSync(join(dir, RATINGS));
    const error = await failure(dir);
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain(`${RATINGS}: is a directory`);
  });

  it.each([
    { name: 'a PDF', content: pdf, want: 'line 1, column 1: this is a PDF document' },
    { name: 'a gzipped PDF', content: gzipSync(pdf), want: 'this is a PDF document' },
    { name: 'a spreadsheet', content: 'PK\u0003\u0004rest', want: 'a ZIP archive' },
    { name: 'UTF-16', content: Buffer.from('\ufeff"User-ID"', 'utf16le'), want: 'UTF-16' },
    { name: 'binary data', content: noise, want: 'binary data' },
    {
      name: 'other text',
      content: 'Dear reader,\nhello\n',
      want: 'line 1, column 1: not the header',
    },
    {
      name: 'gzip cut off in its header',
      content: gzipSync(HEADER + rows(9)).subarray(0, 12),
      want: 'line 1, column 1: the gzip data is damaged or cut off',
    },
  ])('$name named as ratings', async ({ content, want }) => {
    const error = await failure(dataDirectory({ [RATINGS]: content }));
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain(RATINGS);
    expect(error.message).toContain(want);
  });

  it('gzip that is cut off, with the line that was reached', async () => {
    const many = Array.from(
      { length: 40_000 },
      (_, i) => `"${(i * 2_654_435_761) % 1e9}";"${ISBN}";"5"\r\n`,
    );
    const whole = gzipSync(HEADER + many.join(''));
    const error = await failure(
      dataDirectory({ [RATINGS]: whole.subarray(0, whole.length - 500) }),
    );
    expect(error.code).toBe('DATA_UNREADABLE');
    const line = /after line (\d+)/.exec(error.message)?.[1];
    expect(Number(line)).toBeGreaterThan(10_000);
    expect(Number(line)).toBeLessThan(40_000);
  });

  it('a books file that is something else', async () => {
    const error = await failure(
      dataDirectory({ [RATINGS]: HEADER + rows(9), 'BX-Books.csv': '"a";"b"\n"1";"2"\n' }),
    );
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain('BX-Books.csv, line 1, column 1: no column "isbn"');
  });

  it.each([
    { name: 'no byte', content: '' },
    { name: 'a gzipped nothing', content: gzipSync('') },
    { name: 'a header alone', content: HEADER },
    { name: 'interactions alone', content: `${HEADER}"1";"${ISBN}";"0"\r\n` },
  ])('a ratings file with $name', async ({ content }) => {
    const error = await failure(dataDirectory({ [RATINGS]: content }));
    expect(error.code).toBe('DATA_EMPTY');
    expect(error.message).toContain(RATINGS);
  });

  it('an empty books file', async () => {
    const error = await failure(dataDirectory({ [RATINGS]: HEADER + rows(9), 'BX-Books.csv': '' }));
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain('BX-Books.csv, line 1, column 1: the file is empty');
  });

  it.each([
    { name: 'a word for a rating', row: '"1";"0306406152";"good"', want: 'column 3 (book-rating)' },
    {
      name: 'a rating off the scale',
      row: '"1";"0306406152";"11"',
      want: 'rating-out-of-scale, "11"',
    },
    { name: 'an infinite rating', row: '"1";"0306406152";"Infinity"', want: 'rating-not-a-number' },
    {
      name: 'no reader',
      row: '"";"0306406152";"5"',
      want: 'column 1 (user-id): missing-reader-id',
    },
    { name: 'no book', row: '"1";" ";"5"', want: 'column 2 (isbn): missing-book-id' },
    { name: 'a field short', row: '"1";"0306406152"', want: 'wrong-number-of-fields' },
    { name: 'a field over', row: '"1";"0306406152";"5";"6"', want: 'wrong-number-of-fields' },
  ])('more bad rows than allowed: $name', async ({ row, want }) => {
    const error = await failure(dataDirectory({ [RATINGS]: `${HEADER}${rows(50)}${row}\r\n` }));
    expect(error.code).toBe('DATA_TOO_BAD');
    expect(error.message).toContain(`${RATINGS}: 1 of 51 rows are bad, first at line 52`);
    expect(error.message).toContain(want);
  });

  it('a quote that is never closed', async () => {
    const dir = dataDirectory({
      'ratings.csv': `user_id,item_id,rating\n${'a,b,5\n'.repeat(3)}a,"c,5\n${'a,b,5\n'.repeat(9)}`,
    });
    const error = await failure(dir);
    expect(error.code).toBe('DATA_UNREADABLE');
    expect(error.message).toContain(
      'ratings.csv, line 5, column 2: a quote is opened and not closed',
    );
  });

  it('to go on once it is told to stop', async () => {
    const dir = dataDirectory({ [RATINGS]: HEADER + rows(200_000) });
    const stop = new AbortController();
    const stopped = ingest({
      dir,
      scale: null,
      signal: stop.signal,
      onProgress: () => {
        stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('ingest puts up with', () => {
  it('a few bad rows, which it counts with their place', async () => {
    const dir = dataDirectory({ [RATINGS]: `${HEADER}${rows(199)}"1";"0306406152";"bad"\r\n` });
    const { dataset, report } = await ingest({ dir, scale: null });
    expect(dataset.ratings.value).toHaveLength(199);
    expect(report.files[0]).toMatchObject({ rows: 200, badRows: 1 });
    expect(report.findings).toContainEqual({
      kind: 'rating-not-a-number',
      action: 'set-aside',
      count: 1,
      examples: [{ file: RATINGS, line: 201, text: 'bad' }],
    });
  });

  it('gzip under a plain name and plain text under the name of gzip', async () => {
    const packed = dataDirectory({ [RATINGS]: gzipSync(HEADER + rows(20)) });
    const plain = dataDirectory({ [`${RATINGS}.gz`]: HEADER + rows(20) });
    const [one, two] = await Promise.all(
      [packed, plain].map((dir) => ingest({ dir, scale: null })),
    );
    expect(one?.dataset.contentHash).toBe(two?.dataset.contentHash);
  });

  it('stray quotes, a byte order mark, no line end at the end', async () => {
    const text = `\ufeff${HEADER}""7";"${ISBN}";"5"\r\n"8";"${ISBN}"";"6"\r\n"9";""${ISBN}";"7"`;
    const { dataset, report } = await ingest({
      dir: dataDirectory({ [RATINGS]: text }),
      scale: null,
    });
    expect(dataset.readers.ids).toEqual(['7', '8', '9']);
    expect(dataset.books.ids).toEqual([ISBN]);
    expect([...dataset.ratings.value]).toEqual([5, 6, 7]);
    expect(report.findings.map((found) => found.kind)).toEqual(['stray-quote']);
  });

  it('names that are hostile to objects and to keys', async () => {
    const ids = ['__proto__', 'constructor', 'a:b{c}', '日本', 'x'.repeat(10_000)];
    const dir = dataDirectory({
      'ratings.csv': `user_id,item_id,rating\n${ids.map((id) => `${id},${id},3\n`).join('')}`,
      'users.csv': `user_id,country,__proto__\n${ids.map((id) => `${id},__proto__,constructor\n`).join('')}`,
    });
    const { dataset } = await ingest({ dir, scale: null });
    expect(dataset.readers.ids).toEqual(ids);
    expect(dataset.books.ids).toEqual(ids);
    expect(dataset.readers.families.map(({ name, labels }) => [name, labels])).toEqual([
      ['country', ['__proto__']],
      ['__proto__', ['constructor']],
    ]);
  });

  it('a file whose name does not matter and is a directory', async () => {
    const dir = dataDirectory({ [RATINGS]: HEADER + rows(20) });
    mkdirSync(join(dir, 'other.csv'));
    writeFileSync(join(dir, 'README.md'), 'about');
    expect((await ingest({ dir, scale: null })).dataset.ratings.value).toHaveLength(20);
  });
});
