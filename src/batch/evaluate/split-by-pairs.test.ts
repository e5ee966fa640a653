import { describe, expect, it } from 'vitest';
import { smallDataset } from '../../testing/small-dataset.ts';
import type { PairRow } from '../ingest/read-pairs.ts';
import { splitByPairs } from './split-by-pairs.ts';

const data = {
  ...smallDataset([
    ['a', '0440234743', 5],
    ['a', '0385504209', 7],
    ['b', '0440234743', 9],
    ['b', '0385504209', 3],
    ['c', 'met'],
  ]),
  rawBookId: new Map([[2, '0-440-23474-3']]),
};

const rows = (file: string, pairs: Array<[user: string, item: string]>): PairRow[] =>
  pairs.map(([user, item], n) => ({ file, line: n + 2, user, item }));

describe('splitByPairs', () => {
  it('trains on all other ratings where no training file is given', () => {
    const split = splitByPairs(data, { test: rows('test.csv', [['b', '0385504209']]) });
    expect([...split.test]).toEqual([3]);
    expect([...split.train]).toEqual([0, 1, 2]);
  });

  it('trains on the named ratings only, and knows both spellings of a book', () => {
    const split = splitByPairs(data, {
      train: rows('train.csv', [
        ['a', '0385504209'],
        ['a', '0440234743'],
      ]),
      test: rows('test.csv', [['b', '0-440-23474-3']]),
    });
    expect([...split.train]).toEqual([0, 1]);
    expect([...split.test]).toEqual([2]);
  });

  it.each([
    { name: 'an unknown reader', pair: ['z', '0440234743'] },
    { name: 'an unknown book', pair: ['a', 'nothing'] },
    { name: 'a pair without a rating', pair: ['c', 'met'] },
  ])('names file and line of $name', ({ pair: [user = '', item = ''] }) => {
    const test = rows('test.csv', [
      ['a', '0440234743'],
      [user, item],
    ]);
    expect(() => splitByPairs(data, { test })).toThrow(
      expect.objectContaining({
        code: 'DATA_UNREADABLE',
        message: `test.csv, line 3: the pair (${user}, ${item}) has no rating in the data`,
      }),
    );
  });

  it('knows an ISBN in a spelling that the data does not have', () => {
    const split = splitByPairs(data, { test: rows('test.csv', [['a', '978-0-385-50420-1']]) });
    expect([...split.test]).toEqual([1]);
  });

  it('refuses a pair that is in both files', () => {
    const both = rows('both.csv', [['a', '0440234743']]);
    expect(() => splitByPairs(data, { train: both, test: both })).toThrow(
      'both.csv, line 2: the pair (a, 0440234743) is among the training rows too',
    );
  });
});
