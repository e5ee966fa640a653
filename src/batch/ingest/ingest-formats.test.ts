import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import type { FeatureFamily } from '../../model/data.ts';
import { dataDirectory } from '../../testing/data-directory.ts';
import type { Dataset } from './dataset.ts';
import { ingest } from './ingest.ts';

/** Labels of one reader or book in a family. */
function labelsOf(families: readonly FeatureFamily[], name: string, index: number): string[] {
  const family = families.find((candidate) => candidate.name === name);
  if (family === undefined) return [];
  const row = family.indices.subarray(family.offsets[index], family.offsets[index + 1]);
  return [...row].map((label) => family.labels[label] ?? '?');
}

const read = (
  files: Readonly<Record<string, string | Uint8Array>>,
  scale: number[] | null = null,
) => ingest({ dir: dataDirectory(files), scale, minLabelCount: 1 });

const bookLabels = ({ books }: Dataset, name: string, id: string): string[] =>
  labelsOf(books.families, name, books.ids.indexOf(id));

const readerLabels = ({ readers }: Dataset, name: string, id: string): string[] =>
  labelsOf(readers.families, name, readers.ids.indexOf(id));

const DUMP_RATINGS = 'User-ID;ISBN;Book-Rating\r\n"1";"0306406152";"5"\r\n';
const DUMP_BOOKS =
  '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"S";"M";"L"\r\n';

describe('the original BookCrossing dump', () => {
  it('takes the last of two ratings, and the rating of a rating and an interaction', async () => {
    const rows = ['1;A;3', '1;A;4', '2;A;0', '2;A;6', '3;A;7', '3;A;0', '4;A;0', '4;A;0', '5;A;8'];
    const { dataset, report } = await read({
      'BX-Book-Ratings.csv': `User-ID;ISBN;Book-Rating\n${rows.join('\n')}\n`,
    });
    expect([...dataset.ratings.value]).toEqual([4, 6, 7, 8]);
    expect([...dataset.ratings.reader].map((n) => dataset.readers.ids[n])).toEqual([
      '1',
      '2',
      '3',
      '5',
    ]);
    expect([...dataset.interactions.reader].map((n) => dataset.readers.ids[n])).toEqual(['4']);
    const counts = report.findings.map(({ kind, count }) => [kind, count]);
    expect(Object.fromEntries(counts)).toEqual({
      'duplicate-rating': 1,
      'duplicate-interaction': 1,
      'interaction-of-a-rated-pair': 2,
      'id-not-an-isbn': 1,
    });
  });

  it('takes all spellings of an ISBN as one book', async () => {
    const { dataset } = await read({
      'BX-Book-Ratings.csv':
        'User-ID;ISBN;Book-Rating\n1;0-306-40615-2;3\n2;9780306406157;4\n3;306406152;5\n4;0306406152;6\n',
      'BX-Books.csv': `${DUMP_BOOKS}"0306406152";"T";"A";"1999";"P";"";"";""\r\n`,
    });
    expect(dataset.books.ids).toEqual(['0306406152']);
    expect([...dataset.rawBookId]).toEqual([
      [0, '0-306-40615-2'],
      [1, '9780306406157'],
      [2, '306406152'],
    ]);
  });

  it('labels books by the publisher prefix of the ISBN, with a catalogue entry or without', async () => {
    const { dataset } = await read({
      'BX-Book-Ratings.csv':
        'User-ID;ISBN;Book-Rating\n1;0306406152;3\n1;0-440-23474-3;4\n1;3404139178;5\n1;0306406153;6\n',
      'BX-Books.csv': `${DUMP_BOOKS}"0306406152";"T";"A";"1999";"P";"";"";""\r\n`,
    });
    const imprints = dataset.books.ids.map((id) => [id, ...bookLabels(dataset, 'imprint', id)]);
    expect(imprints).toEqual([
      ['0306406152', '0-306'],
      ['0440234743', '0-440'],
      ['3404139178', '3-404'],
      ['0306406153'],
    ]);
  });

  it('puts an author back that an escaped quote had drawn into the title', async () => {
    const { dataset, report } = await read({
      'BX-Book-Ratings.csv': DUMP_RATINGS,
      'BX-Books.csv': `${DUMP_BOOKS}"0306406152";"Level 4\\";Ann Lee";"2000";"DK";"http://s";"http://m";"http://l"\r\n`,
    });
    const { title, author, publisher, year } = dataset.books;
    expect([title[0], author[0], year[0], publisher[0]]).toEqual([
      'Level 4',
      'Ann Lee',
      2000,
      'DK',
    ]);
    expect(report.findings.map(({ kind }) => kind)).toContain('author-in-title');
  });

  it('reads Latin-1, UTF-8, UTF-8 encoded twice and entities in one file', async () => {
    const row = (isbn: string, title: string): string =>
      `"${isbn}";"${title}";"A";"1999";"P";"";"";""\r\n`;
    const { dataset } = await read({
      'BX-Book-Ratings.csv': DUMP_RATINGS,
      'BX-Books.csv': Buffer.concat([
        Buffer.from(DUMP_BOOKS + row('1', 'Les Mis\u00e9rables')),
        Buffer.from(row('2', 'Les Mis\u00e9rables'), 'latin1'),
        Buffer.from(row('3', Buffer.from('Les Mis\u00e9rables').toString('latin1'))),
        Buffer.from(row('4', 'Les Mis\u00c3?\u00c2\u00a9rables')),
        Buffer.from(row('5', 'Les Mis&eacute;rables')),
        Buffer.from(row('6', 'Don\u0092t'), 'latin1'),
        Buffer.from(row('7', '日本 & more')),
      ]),
    });
    const titles = dataset.books.title.filter((title) => title !== '');
    expect(titles).toEqual([...Array<string>(5).fill('Les Misérables'), 'Don’t', '日本 & more']);
  });

  it('reads readers: location, age, NULL, ages that cannot be', async () => {
    const { dataset, report } = await read({
      'BX-Book-Ratings.csv': DUMP_RATINGS,
      'BX-Users.csv': Buffer.from(
        '"User-ID";"Location";"Age"\r\n' +
          '"1";"timmins, Ontario, Canada";NULL\r\n' +
          '"2";"london, england, united kingdom";"31"\r\n' +
          '"3";"leeds, , England";"33\\""\r\n' +
          '"4";"nowhere, n/a, ";"239"\r\n' +
          '"5";"m\u00e1laga, constructor, espa\u00f1a";"7"\r\n' +
          '"6";"boston, massachusetts, U.S.A.";"90"\r\n',
        'latin1',
      ),
    });
    const of = (family: string): string[] =>
      ['1', '2', '3', '4', '5', '6'].map((id) => readerLabels(dataset, family, id).join());
    expect(of('country')).toEqual([
      'canada',
      'united kingdom',
      'united kingdom',
      '',
      'spain',
      'usa',
    ]);
    expect(of('state')).toEqual([
      'ontario, canada',
      'england, united kingdom',
      '',
      '',
      'constructor, spain',
      'massachusetts, usa',
    ]);
    expect(of('age')).toEqual(['', '24-31', '32-39', '', '', '88-95']);
    const count = (kind: string) => report.findings.find((found) => found.kind === kind)?.count;
    expect([count('impossible-age'), count('stray-quote')]).toEqual([2, 1]);
  });
});

describe('the newer BookCrossing edition', () => {
  it('is read with commas, doubled quotes and other file names, plain or gzipped', async () => {
    const { dataset, report } = await read({
      'Ratings.csv.gz': gzipSync(
        'User-ID,ISBN,Book-Rating\n276725,034545104X,0\n276726,0155061224,5\n',
      ),
      'Books.csv':
        'ISBN,Book-Title,Book-Author,Year-Of-Publication,Publisher,Image-URL-S\n' +
        '0155061224,"Say ""hello"", world",Ann Lee,2001,Acme Inc,http://s\n',
      'Users.csv': 'User-ID,Location,Age\n276726,"seattle, washington, usa",18.0\n',
    });
    expect(report.format).toBe('bookcrossing-csv');
    expect(dataset.books.title[0]).toBe('Say "hello", world');
    expect(dataset.interactions.book).toHaveLength(1);
    expect([...dataset.levels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(readerLabels(dataset, 'age', '276726')).toEqual(['16-23']);
    expect(bookLabels(dataset, 'publisher', '0155061224')).toEqual(['acme']);
  });
});

describe('MovieLens', () => {
  it('100K: flags of genres, release year, readers, timestamps', async () => {
    const flags = (...on: number[]): string =>
      Array.from({ length: 19 }, (_, i) => (on.includes(i) ? '1' : '0')).join('|');
    const { dataset, report } = await read({
      'u.data': '196\t242\t3\t881250949\n186\t302\t1\t891717742\n',
      'u.item':
        `242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M|${flags(5)}\n` +
        `302|L.A. "Confidential" (1997)|||http://us.imdb.com/M|${flags(6, 10, 13, 16)}\n`,
      'u.user': '196|49|M|writer|55105\n186|39|F|executive|V3N4P\n',
    });
    expect(report.format).toBe('movielens-100k');
    expect(dataset.books.title).toEqual(['Kolya (1996)', 'L.A. "Confidential" (1997)']);
    expect([...dataset.books.year]).toEqual([1997, 1997]);
    expect(bookLabels(dataset, 'genre', '302')).toEqual([
      'crime',
      'film-noir',
      'mystery',
      'thriller',
    ]);
    expect([...(dataset.timestamps ?? [])]).toEqual([881250949, 891717742]);
    const labels = ['age', 'gender', 'occupation', 'region'].flatMap((family) =>
      readerLabels(dataset, family, '186'),
    );
    expect(labels).toEqual(['32-39', 'f', 'executive', 'v']);
  });

  it('1M: double colons, genres by bars, coded ages', async () => {
    const { dataset, report } = await read({
      'ratings.dat': '1::1193::5::978300760\n2::661::1::978302109\n',
      'movies.dat': "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n",
      'users.dat': '1::F::1::10::48067\n2::M::56::16::70072\n',
    });
    expect(report.format).toBe('movielens-dat');
    expect([...dataset.levels]).toEqual([1, 2, 3, 4, 5]);
    expect(bookLabels(dataset, 'genre', '661')).toEqual(['animation', "children's", 'musical']);
    expect(bookLabels(dataset, 'decade', '661')).toEqual(['1990-1999']);
    expect(readerLabels(dataset, 'age', '1')).toEqual(['under-18']);
    expect([...dataset.books.listed]).toEqual([1, 0]);
  });

  it('CSV: half stars, quoted titles', async () => {
    const { dataset, report } = await read({
      'ratings.csv': 'userId,movieId,rating,timestamp\n1,11,3.5,1256677221\n2,11,0.5,1256677222\n',
      'movies.csv':
        'movieId,title,genres\n11,"American President, The (1995)",Comedy|Drama\n12,X,(no genres listed)\n',
    });
    expect(report.format).toBe('movielens-csv');
    expect(dataset.levels).toHaveLength(10);
    expect(dataset.books.title[0]).toBe('American President, The (1995)');
    expect(bookLabels(dataset, 'genre', '12')).toEqual([]);
  });
});

describe('the generic format', () => {
  it('makes families of columns by their kind', async () => {
    const years = Array.from({ length: 40 }, (_, i) => i);
    const { dataset, report } = await read({
      'ratings.csv':
        'user_id,item_id,rating,timestamp\nu1,i1,2,100\nu1,i2,5,2020-01-01T00:00:00Z\nu2,i1,,200\n',
      'items.csv':
        'item_id,title,language:category,tags,pages:number,note:text,author,year\n' +
        years.map((i) => `i${i},Title ${i},EN,a|b,${i},free text ${i},Ann Lee,1984\n`).join(''),
      'users.csv': 'user_id,age,plan\nu1,31,Gold\nu3,,silver\n',
    });
    expect(report.format).toBe('generic');
    expect([...dataset.levels]).toEqual([2, 3, 4, 5]);
    expect([...(dataset.timestamps ?? [])]).toEqual([100, 1577836800]);
    expect(dataset.interactions.reader).toHaveLength(1);
    expect(dataset.readers.ids).toEqual(['u1', 'u3', 'u2']);
    expect(bookLabels(dataset, 'language', 'i3')).toEqual(['en']);
    expect(bookLabels(dataset, 'tags', 'i3')).toEqual(['a', 'b']);
    expect(['i0', 'i4', 'i5', 'i39'].map((id) => bookLabels(dataset, 'pages', id)[0])).toEqual(
      ['q1', 'q1', 'q2', 'q8'], // prettier-ignore
    );
    expect(bookLabels(dataset, 'author', 'i3')).toEqual(['ann lee']);
    expect(bookLabels(dataset, 'years5', 'i3')).toEqual(['1980-1984']);
    expect(dataset.books.families.map(({ name }) => name)).not.toContain('note');
    expect(readerLabels(dataset, 'age', 'u1')).toEqual(['24-31']);
    expect(readerLabels(dataset, 'plan', 'u3')).toEqual(['silver']);
  });

  it('lists every item under its id where there is no catalogue', async () => {
    const { dataset } = await read({ 'ratings.csv': 'user_id,item_id,rating\na,x-1,1\nb,y,0\n' });
    expect(dataset.books.title).toEqual(['x-1', 'y']);
    expect([...dataset.books.listed]).toEqual([1, 1]);
    expect([...dataset.ratings.value]).toEqual([1, 0]);
    expect(dataset.timestamps).toBeNull();
  });

  it('takes the scale that is given and holds rows against it', async () => {
    const good =
      'a,x,1\n'.repeat(1) + Array.from({ length: 150 }, (_, i) => `r${i},x,3\n`).join('');
    const { dataset, report } = await read(
      { 'ratings.csv': `user_id,item_id,rating\n${good}b,y,7\n` },
      [1, 2, 3, 4, 5],
    );
    expect([...dataset.levels]).toEqual([1, 2, 3, 4, 5]);
    expect(report.files[0]?.badRows).toBe(1);
    expect(dataset.books.ids).toEqual(['x']);
  });

  it.each([
    {
      name: 'a kind that does not exist',
      header: 'item_id,colour:shade',
      want: '"shade" is no kind',
    },
    {
      name: 'a column twice',
      header: 'item_id,tag,tag:multi',
      want: 'column 3 (tag:multi): "tag" occurs',
    },
    { name: 'no ids', header: 'id,tag', want: 'no column "item_id"' },
  ])('refuses $name in the header', async ({ header, want }) => {
    const files = {
      'ratings.csv': 'user_id,item_id,rating\na,x,1\n',
      'items.csv': `${header}\nx,y\n`,
    };
    const failure = expect(read(files)).rejects;
    await failure.toMatchObject({ code: 'DATA_UNREADABLE' });
    await expect(read(files)).rejects.toThrow(`items.csv, line 1, `);
    await expect(read(files)).rejects.toThrow(want);
  });

  it('refuses numbers that are no scale', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `u${i},x,${i / 7}\n`).join('');
    await expect(read({ 'ratings.csv': `user_id,item_id,rating\n${rows}` })).rejects.toThrow(
      '300 different ratings',
    );
  });
});
