import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relevantFrom } from '../../model/relevant-from.ts';
import { smallDataset } from '../../testing/small-dataset.ts';
import { ndcg, recall, scoreRanking } from './ranking.ts';
import { popularityLists, rankingTask } from './ranking-task.ts';

/** Books by index: 0 a, 1 b, 2 c, 3 e (not listed), 4 d. */
const data = smallDataset(
  [
    ['u', 'a', 7],
    ['u', 'b', 9],
    ['u', 'c'],
    ['u', 'e', 10],
    ['v', 'a', 5],
    ['v', 'd', 7],
    ['w', 'd', 9],
    ['w', 'a'],
  ],
  { unlisted: ['e'] },
);
// Rated rows: 0 ua, 1 ub, 2 ue, 3 va, 4 vd, 5 wd.
const split = { train: Int32Array.of(0, 3), test: Int32Array.of(1, 2, 4, 5) };
const task = rankingTask(data, split);

describe('relevantFrom', () => {
  it.each([
    { levels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], want: 8 },
    { levels: [1, 2, 3, 4, 5], want: 4 },
    { levels: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5], want: 4 },
    { levels: [0, 1], want: 1 },
    { levels: [0, 7, 10], want: 7 },
    { levels: [3], want: 3 },
  ])('is $want on $levels', ({ levels, want }) => {
    expect(relevantFrom(Float64Array.from(levels))).toBe(want);
  });
});

describe('rankingTask', () => {
  it('ranks for readers with a training row and a relevant test book', () => {
    // v likes nothing in the test rows, w has no training row.
    expect([...task.readers]).toEqual([0]);
    expect(task.relevant.map((books) => [...books])).toEqual([[1, 3]]);
  });

  it('leaves out what the reader rated in training or met', () => {
    expect(task.met.map((books) => [...books])).toEqual([[0, 2]]);
  });

  it('counts training ratings and interactions as popularity', () => {
    expect([...task.popularity]).toEqual([3, 0, 1, 0, 0]);
  });
});

describe('popularityLists', () => {
  it('offers listed books that the reader has not met, the most popular first', () => {
    expect(popularityLists(task).map((list) => [...list])).toEqual([[1, 4]]);
    const open = { ...task, met: [Int32Array.of()] };
    expect(popularityLists(open).map((list) => [...list])).toEqual([[0, 2, 1, 4]]);
  });
});

describe('ndcg', () => {
  const relevant = Int32Array.of(10, 20, 30);

  it('discounts hits by rank and divides by the best possible', () => {
    const gain = 1 / Math.log2(2) + 1 / Math.log2(5);
    const ideal = 1 / Math.log2(2) + 1 / Math.log2(3) + 1 / Math.log2(4);
    expect(ndcg([20, 1, 2, 30], relevant)).toBeCloseTo(gain / ideal, 12);
  });

  it('looks at ten books, recall at twenty', () => {
    const list = [...Array.from({ length: 10 }, (_, n) => 100 + n), 10, 20];
    expect(ndcg(list, relevant)).toBe(0);
    expect(recall(list, relevant)).toBeCloseTo(2 / 3, 12);
    const long = [...Array.from({ length: 20 }, (_, n) => 100 + n), 10, 20];
    expect(recall(long, relevant)).toBe(0);
  });

  it('is 1 for the relevant books first, and lies between 0 and 1', () => {
    const books = fc.uniqueArray(fc.nat({ max: 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(books, books, (list, liked) => {
        const wanted = Int32Array.from(liked);
        const rest = list.filter((book) => !liked.includes(book));
        expect(ndcg([...liked, ...rest], wanted)).toBeCloseTo(1, 12);
        expect(ndcg(list, wanted)).toBeGreaterThanOrEqual(0);
        expect(ndcg(list, wanted)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('scoreRanking', () => {
  it('measures hits, misses outside the catalogue, variety and novelty', () => {
    const { ranking } = scoreRanking(task, [[4, 1]]);
    // b is at rank 2; e is relevant too but cannot be listed.
    const ideal = 1 + 1 / Math.log2(3);
    expect(ranking.readers).toBe(1);
    expect(ranking.ndcg10).toBeCloseTo(1 / Math.log2(3) / ideal, 12);
    expect(ranking.recall20).toBe(0.5);
    expect(ranking.mrr).toBe(0.5);
    expect(ranking.catalogueCoverage).toBe(0.5);
    // d and b were met by nobody in training: share (0 + 1) / (3 + 1), 2 bits.
    expect(ranking.novelty).toBe(2);
  });

  it('is less novel for a book that more readers know', () => {
    const open = { ...task, met: [Int32Array.of()] };
    const novelty = (book: number): number => scoreRanking(open, [[book]]).ranking.novelty;
    expect(novelty(0)).toBe(0); // All 3 readers know it.
    expect(novelty(2)).toBe(1);
  });

  it('has zeros where there is nobody to rank for', () => {
    const nobody = { ...task, readers: Int32Array.of(), relevant: [], met: [] };
    expect(scoreRanking(nobody, []).ranking).toEqual({
      readers: 0,
      ndcg10: 0,
      recall20: 0,
      mrr: 0,
      catalogueCoverage: 0,
      novelty: 0,
    });
  });

  it.each([
    { name: 'a known book', lists: [[1, 0]] },
    { name: 'a book that is not listed', lists: [[3]] },
    { name: 'a book twice', lists: [[1, 1]] },
    { name: 'a book beyond the catalogue', lists: [[5]] },
    { name: 'a list too many', lists: [[1], [1]] },
  ])('refuses $name', ({ lists }) => {
    expect(() => scoreRanking(task, lists)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});
