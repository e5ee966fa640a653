import { describe, expect, it } from 'vitest';
import { smallDataset } from '../../testing/small-dataset.ts';
import { familyOf } from '../../testing/random-model-data.ts';
import { readerFamilies, trainingData } from './features.ts';

const plain = smallDataset([
  ['ann', 'x', 8],
  ['ann', 'y', 5],
  ['bob', 'x', 7],
  ['bob', 'y'],
  ['cid', 'y'],
]);
const dataset = {
  ...plain,
  books: {
    ...plain.books,
    families: [
      familyOf('author', 2, [[0], [1]]),
      familyOf('year', 3, [[2], [0]]),
      familyOf('years5', 1, [[0], [0]]),
      familyOf('work', 1, [[0], [0]]),
    ],
  },
};

/** Label of every reader in the named family, as text. */
function labelsOf(rows: Int32Array, name: string): string[] {
  const family = readerFamilies(dataset, rows, 'none').find((one) => one.name === name);
  if (family === undefined) throw new RangeError(name);
  return Array.from({ length: 3 }, (_, u) => family.labels[family.indices[family.offsets[u]]]);
}

describe('the features of a training', () => {
  it('count ratings of the given rows only, so that held-out rows cannot leak', () => {
    expect(labelsOf(Int32Array.of(0, 1, 2), 'ratings')).toEqual(['3', '2', '0']);
    expect(labelsOf(Int32Array.of(1), 'ratings')).toEqual(['2', '0', '0']);
  });

  it('count interactions without a rating whole', () => {
    expect(labelsOf(Int32Array.of(0, 1, 2), 'unrated')).toEqual(['none', '3', '5']);
  });

  it('have the same labels whatever the rows, so that a state can be carried over', () => {
    const all = readerFamilies(dataset, Int32Array.of(0, 1, 2), 'readers');
    const one = readerFamilies(dataset, Int32Array.of(2), 'readers');
    expect(one.map(({ name, labels }) => ({ name, labels }))).toEqual(
      all.map(({ name, labels }) => ({ name, labels })),
    );
  });

  it('leave the single year and the work to the prior means, where author and five years carry effects', () => {
    const data = trainingData(dataset, Int32Array.of(0, 2));
    expect(data.matrix.size).toBe(2);
    expect(data.effectLabels.families).not.toContain('year');
    expect(data.effectLabels.families).not.toContain('work');
    expect(data.effectLabels.families).toEqual(expect.arrayContaining(['author', 'years5']));
    expect(data.bookLabels.families).toEqual(
      expect.arrayContaining(['author', 'year', 'years5', 'work', 'ratings', 'unrated']),
    );
  });
});
