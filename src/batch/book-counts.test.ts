import { expect, it } from 'vitest';
import { smallDataset } from '../testing/small-dataset.ts';
import { countRatings } from './book-counts.ts';

const DAY = 24 * 3600;

it('counts ratings by book and level; interactions are none', () => {
  const dataset = smallDataset(
    [
      ['a', 'x', 1],
      ['b', 'x', 3],
      ['c', 'x', 3],
      ['a', 'y', 2],
      ['b', 'y'],
    ],
    { levels: [1, 2, 3] },
  );
  expect(countRatings(dataset)).toEqual({
    byLevel: Uint32Array.of(1, 0, 2, 0, 1, 0),
    recent: null,
  });
});

it('counts a rating half for every 90 days before the newest', () => {
  const dataset = smallDataset(
    [
      ['a', 'x', 1],
      ['b', 'x', 3],
      ['a', 'y', 2],
    ],
    { levels: [1, 2, 3], timestamps: [1000 * DAY, 910 * DAY, 820 * DAY] },
  );
  expect(countRatings(dataset).recent).toEqual(Float32Array.of(1.5, 0.25));
  // As for feedback on data without times.
  const some = { ...dataset, timestamps: Float64Array.of(NaN, 1000 * DAY, NaN) };
  expect(countRatings(some).recent).toEqual(Float32Array.of(1, 0));
});
