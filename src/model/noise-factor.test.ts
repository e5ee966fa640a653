import { describe, expect, it } from 'vitest';
import { expectedInverse, noiseFactor } from './noise-factor.ts';

describe('a noise factor', () => {
  it.each([
    { name: 'without ratings', shape: 6, count: 0, squares: 0, want: 1 },
    { name: 'as noisy as all', shape: 6, count: 10, squares: 10, want: 1 },
    { name: 'quiet', shape: 5, count: 10, squares: 0, want: 2 },
    { name: 'noisy', shape: 5, count: 10, squares: 30, want: 0.5 },
    { name: 'fitted exactly', shape: 2, count: 1000, squares: 0, want: 20 },
    { name: 'absurd', shape: 2, count: 2, squares: 1e9, want: 0.05 },
  ])('$name has mean $want', ({ shape, count, squares, want }) => {
    expect(noiseFactor(shape, count, squares)).toBeCloseTo(want, 12);
  });

  it('stands for more noise than its mean says, the more so the less is known', () => {
    expect(expectedInverse(6, 0, 1)).toBeCloseTo(6 / 5, 12);
    expect(expectedInverse(6, 1000, 0.5)).toBeCloseTo((2 * 506) / 505, 12);
  });
});
