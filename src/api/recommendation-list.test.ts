import { expect, it } from 'vitest';
import { listOf, sampleManifest, SampleRecommender } from '../testing/sample-version.ts';
import { LiveVersion } from './live-version.ts';
import { noteOf, recommendationsOf } from './recommendation-list.ts';

const version = new LiveVersion(
  sampleManifest('v1', 1),
  {
    ids: ['a', 'b'],
    title: ['A', 'B'],
    author: ['', 'Someone'],
    publisher: ['', ''],
    year: Int16Array.of(0, 1999),
    listed: Uint8Array.of(1, 1),
  },
  new SampleRecommender([5, 6]),
  null,
);

it('rounds to four decimals and adds the causes up to the whole', () => {
  const list = listOf([[1, 7.123456]], 2);
  expect(recommendationsOf(version, list, 10, 'personal')).toEqual([
    {
      rank: 1,
      title: 'B',
      author: 'Someone',
      year: 1999,
      isbn: 'b',
      predicted_rating: 7.1235,
      uncertainty: 1.4649,
      confidence_interval: [4.1235, 10],
      uncertainty_parts: { reader: 0.5774, book: 0.5, noise: 1.25 },
      interest: 0.05,
      signal: 'readers',
      source: 'personal',
    },
  ]);
});

it('says null for a year that is not known', () => {
  const [first] = recommendationsOf(version, listOf([[0, 5]], 0), 1, 'prior');
  expect(first).toMatchObject({ year: null, author: '' });
});

it.each([
  { name: 'a book outside of the catalogue', list: listOf([[2, 7]], 0) },
  { name: 'a rating that is not a number', list: listOf([[0, Number.NaN]], 0) },
  { name: 'a column that is too short', list: { ...listOf([[0, 7]], 0), low: new Float32Array() } },
])('refuses a stored list with $name', ({ list }) => {
  const read = (): unknown => recommendationsOf(version, list, 1, 'personal');
  expect(read).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
});

it.each([
  { asked: 3, listed: 3, available: 9, note: undefined },
  { asked: 4, listed: 3, available: 3, note: 'top_k is 4, but only 3 books are available.' },
  {
    asked: 5000,
    listed: 1000,
    available: 27731,
    note: 'top_k is 5000, but at most 1000 of the 27731 available books are listed.',
  },
])('notes what $asked of $available come to', ({ asked, listed, available, note }) => {
  expect(noteOf(asked, listed, available).note).toBe(note);
});
