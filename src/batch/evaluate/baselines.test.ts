import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitBiases, globalMean, predictBiases } from './baselines.ts';

const levels = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
const all = (n: number): Int32Array => Int32Array.from({ length: n }, (_, row) => row);

/** Deterministic draws, near normal: sums of a sine hash. */
function draw(n: number): number {
  let sum = 0;
  for (let k = 0; k < 12; k++) sum += Math.abs(Math.sin(n * 12.9898 + k * 78.233) * 43758.5453) % 1;
  return sum - 6;
}

/** Each of 60 readers rated each of 50 books: 5.5 + bias + bias + noise of deviation 0.5. */
function planted() {
  const rows = Array.from({ length: 3000 }, (_, n) => ({ u: Math.floor(n / 50), i: n % 50 }));
  return {
    reader: Int32Array.from(rows, ({ u }) => u),
    book: Int32Array.from(rows, ({ i }) => i),
    value: Float64Array.from(
      rows,
      ({ u, i }, n) => 5.5 + draw(u) + 0.5 * draw(1000 + i) + 0.5 * draw(5000 + n),
    ),
  };
}

describe('fitBiases', () => {
  it('recovers planted biases', () => {
    const ratings = planted();
    const model = fitBiases({ ratings, train: all(3000), readers: 60, books: 50 });
    const error = (u: number, i: number): number =>
      model.mean + model.readerBias[u] + model.bookBias[i] - 5.5 - draw(u) - 0.5 * draw(1000 + i);
    for (let n = 0; n < 50; n++) expect(Math.abs(error(n, n))).toBeLessThan(0.4);
  });

  it('shrinks one rating more than many, and leaves the unseen at the mean', () => {
    const reader = Int32Array.of(...Array<number>(20).fill(0), 1, ...Array<number>(20).fill(2));
    const ratings = {
      reader,
      book: Int32Array.from(reader.keys()),
      value: Float64Array.from(reader, (u, n) => (u === 2 ? 3 : 9) + ((n + 2) % 3) - 1),
    };
    const model = fitBiases({ ratings, train: all(41), readers: 4, books: 41 });
    expect(model.readerBias[0]).toBeGreaterThan(model.readerBias[1]);
    expect(model.readerBias[1]).toBeGreaterThan(0);
    expect(model.readerBias[2]).toBeLessThan(0);
    expect(model.readerBias[3]).toBe(0);
  });

  it('is finite for a single rating and for equal ones', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 5 }), (value, n) => {
        const ratings = { reader: all(n), book: all(n), value: new Float64Array(n).fill(value) };
        const model = fitBiases({ ratings, train: all(n), readers: n, books: n });
        const [first] = predictBiases(model, ratings, all(1), levels);
        expect(first).toBeCloseTo(value, 9);
      }),
    );
  });

  it('uses the training rows only', () => {
    const ratings = {
      reader: Int32Array.of(0, 0, 1),
      book: Int32Array.of(0, 1, 1),
      value: Float64Array.of(2, 4, 10),
    };
    expect(globalMean(ratings, Int32Array.of(0, 1))).toBe(3);
    expect(fitBiases({ ratings, train: Int32Array.of(0, 1), readers: 2, books: 2 }).mean).toBe(3);
  });
});

describe('predictBiases', () => {
  it('adds the parts and stays within the scale', () => {
    const model = {
      mean: 7,
      readerBias: Float64Array.of(1, 3),
      bookBias: Float64Array.of(0.5, -9),
    };
    const ratings = {
      reader: Int32Array.of(0, 1, 0),
      book: Int32Array.of(0, 0, 1),
      value: new Float64Array(3),
    };
    expect([...predictBiases(model, ratings, all(3), levels)]).toEqual([8.5, 10, 1]);
  });
});
