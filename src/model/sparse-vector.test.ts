import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomPrecision } from '../testing/random-reader.ts';
import { seededRandom } from './random.ts';
import { SparseVector } from './sparse-vector.ts';

const SIZE = 40;
const anyEntries = fc.array(
  fc.tuple(fc.nat(SIZE - 1), fc.double({ min: -5, max: 5, noNaN: true })),
  { maxLength: 30 },
);

it('does what a dense vector does, again and again', () => {
  const vector = new SparseVector();
  const matrix = randomPrecision(seededRandom(1), SIZE);
  fc.assert(
    fc.property(anyEntries, (entries) => {
      vector.reset(SIZE);
      const dense = new Float64Array(SIZE);
      for (const [index, value] of entries) {
        vector.add(index, value);
        dense[index] += value;
      }
      const product = dense.map((_, a) =>
        dense.reduce((sum, value, b) => sum + value * matrix[a * SIZE + b], 0),
      );
      const dot = (other: Float64Array) => dense.reduce((sum, x, a) => sum + x * other[a], 0);
      expect(vector.dot(matrix)).toBeCloseTo(dot(matrix), 8);
      expect(vector.rowDot(matrix, SIZE, 7)).toBeCloseTo(product[7], 8);
      expect(vector.quadraticForm(matrix, SIZE)).toBeCloseTo(dot(product), 6);
      expect(vector.count).toBe(new Set(entries.map(([index]) => index)).size);
    }),
  );
});
