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
    fc.property(anyEntries, fc.nat(9), (entries, head) => {
      vector.reset(SIZE, head);
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
      expect(vector.quadraticForm(matrix, SIZE)).toBeCloseTo(dot(product), 6);
      const rows = Math.ceil(head / 2);
      const out = new Float64Array(rows + 3);
      expect(vector.quadraticForm(matrix, SIZE, rows, out, 2)).toBeCloseTo(dot(product), 6);
      [0, 0, ...product.slice(0, rows), 0].forEach((want, a) => {
        expect(out[a]).toBeCloseTo(want, 8);
      });
      const behind = entries.map(([index]) => index).filter((index) => index >= head);
      expect(vector.count).toBe(new Set(behind).size);
    }),
  );
});
