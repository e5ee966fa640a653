import { expect, it } from 'vitest';
import { normalDraw, seededRandom } from './random.ts';

function draws(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
}

it('gives the same numbers for the same seed, and others for any other', () => {
  expect(draws(7, 5)).toEqual(draws(7, 5));
  const first = [0, 1, 2, 2 ** 32, 2 ** 40].map((seed) => draws(seed, 1)[0]);
  expect(new Set(first).size).toBe(first.length);
});

it('is uniform on [0, 1)', () => {
  const cells = new Array<number>(10).fill(0);
  for (const x of draws(3, 100_000)) cells[Math.floor(10 * x)]++;
  // 10,000 a cell, standard deviation 95
  for (const count of cells) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

it('draws from the standard normal distribution', () => {
  const random = seededRandom(5);
  const x = Array.from({ length: 100_000 }, () => normalDraw(random));
  const moment = (power: number) => x.reduce((sum, v) => sum + v ** power, 0) / x.length;
  expect(moment(1)).toBeCloseTo(0, 1);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
});
