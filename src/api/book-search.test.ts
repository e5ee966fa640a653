import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Catalogue } from '../store/catalogue-codec.ts';
import { BookSearch } from './book-search.ts';

const BOOKS = [
  { id: '0316666343', title: 'The Lovely Bones: A Novel', author: 'Alice Sebold' },
  { id: '0446310786', title: 'To Kill a Mockingbird', author: 'Harper Lee' },
  { id: '0618002251', title: 'The Two Towers (The Lord of the Rings)', author: 'J. R. R. Tolkien' },
  { id: '3257229739', title: 'Das Blütenstaubzimmer', author: 'Zoë Jenny' },
  { id: '0441172717', title: 'Dune', author: 'Frank Herbert' },
  { id: '0399128964', title: 'God Emperor of Dune', author: 'Frank Herbert' },
  { id: '0451169514', title: "Rita Hayworth's It", author: 'Stephen King' },
  { id: '0000000000', title: 'Dune Unlisted', author: 'Nobody' },
];

const catalogue: Catalogue = {
  ids: BOOKS.map(({ id }) => id),
  title: BOOKS.map(({ title }) => title),
  author: BOOKS.map(({ author }) => author),
  publisher: BOOKS.map(() => ''),
  year: new Int16Array(BOOKS.length),
  listed: Uint8Array.from(BOOKS, ({ author }) => (author === 'Nobody' ? 0 : 1)),
};

const search = await BookSearch.build(catalogue, null, nextTurn);
const titles = (q: string, by = search): string[] =>
  by.find(q, 10).map((book) => BOOKS[book]?.title ?? '');

it.each([
  { q: 'lovely bones', want: 0 },
  { q: 'lovly bones', want: 0 },
  { q: 'lovely bon', want: 0 },
  { q: 'mokingbird', want: 1 },
  { q: 'to kil a mockingbrid', want: 1 },
  { q: 'tolkein', want: 2 },
  { q: 'Tolkien towers', want: 2 },
  { q: 'zoe jenny', want: 3 },
  { q: 'BLUTENSTAUB', want: 3 },
  { q: '0-441-17271-7', want: 4 },
  { q: '04411', want: 4 },
  { q: '0441172771', want: 4 },
  { q: '044117217', want: 4 },
  { q: '04411727178', want: 4 },
  { q: 'herbert 0399128964', want: 5 },
  { q: 'sebold 2002', want: 0 },
  { q: 'hayworths', want: 6 },
  { q: 'kin', want: 6 },
  { q: 'k', want: 1 },
  { q: 'dume', want: 4 },
])('finds by $q', ({ q, want }) => {
  expect(titles(q)[0]).toBe(BOOKS[want]?.title);
});

it('finds all books with all the words, and never one that is not listed', () => {
  expect(titles('frank herbert').toSorted()).toEqual(['Dune', 'God Emperor of Dune']);
  expect(titles('dune emperor')).toEqual(['God Emperor of Dune']);
  expect(titles('dune')).not.toContain('Dune Unlisted');
  expect(titles('du')).not.toContain('Dune Unlisted');
});

it('takes any of the words where no book has all', () => {
  expect(titles('dune sebold').toSorted()).toEqual(
    ['Dune', 'God Emperor of Dune', 'The Lovely Bones: A Novel'].toSorted(),
  );
});

it('puts the better known book first among those that fit alike', async () => {
  const ratings = Uint32Array.of(0, 0, 0, 0, 2, 900, 0, 0);
  expect(titles('herbert', await BookSearch.build(catalogue, ratings, nextTurn))[0]).toBe(
    'God Emperor of Dune',
  );
  expect(titles('d', await BookSearch.build(catalogue, ratings, nextTurn))[0]).toBe(
    'God Emperor of Dune',
  );
  expect(titles('herbert')[0]).toBe('Dune');
});

it('puts a short title first, then what is known best of what a word may become', async () => {
  const entries = ['It', 'Itinerary of Ha', 'Harbour', 'Ha', 'Not It'];
  const some: Catalogue = {
    ids: entries.map((_, n) => String(n)),
    title: entries,
    author: entries.map(() => ''),
    publisher: [],
    year: new Int16Array(entries.length),
    listed: new Uint8Array(entries.length).fill(1),
  };
  const ratings = Uint32Array.of(1, 20, 900, 3, 50);
  const built = await BookSearch.build(some, ratings, nextTurn);
  const found = (q: string) => built.find(q, 10).map((book) => entries[book]);
  expect(found('it')).toEqual(['It', 'Not It', 'Itinerary of Ha']);
  expect(found('ha')).toEqual(['Ha', 'Harbour', 'Itinerary of Ha']);
});

it.each(['', '   ', '?!', 'qqqqqq'])('finds nothing for %j', (q) => {
  expect(titles(q)).toEqual([]);
});

it('gives a book once, and no more than asked for', () => {
  expect(new Set(titles('d'))).toHaveLength(titles('d').length);
  expect(search.find('frank herbert', 1)).toHaveLength(1);
});

it('leaves the event loop free while it is built', async () => {
  const books = 3000;
  const many: Catalogue = {
    ids: Array.from({ length: books }, (_, n) => String(n)),
    title: Array.from({ length: books }, (_, n) => `Title ${String(n)}`),
    author: Array.from({ length: books }, () => 'Somebody'),
    publisher: [],
    year: new Int16Array(books),
    listed: new Uint8Array(books).fill(1),
  };
  const state = { built: false };
  const building = BookSearch.build(many, null, nextTurn).then(() => {
    state.built = true;
  });
  let turns = 0;
  while (!state.built) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  await building;
  expect(turns).toBeGreaterThan(10);
});
