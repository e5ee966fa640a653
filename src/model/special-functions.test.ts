import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digamma,
  lnGamma,
  lnMultiGamma,
  normalCdf,
  normalPdf,
  quickNormalCdf,
  trigamma,
} from './special-functions.ts';

/** Euler and Mascheroni's constant. */
const EULER = 0.5772156649015329;
const positive = fc.double({ min: 1e-3, max: 1e4, noNaN: true });

function expectRelative(got: number, want: number, error: number): void {
  expect(Math.abs(got - want)).toBeLessThanOrEqual(error * Math.max(1, Math.abs(want)));
}

describe('gamma functions', () => {
  it.each([
    { x: 1, want: 0 },
    { x: 2, want: 0 },
    { x: 0.5, want: Math.log(Math.PI) / 2 },
    { x: 5, want: Math.log(24) },
    { x: 101, want: 363.73937555556349 },
    { x: 0.01, want: 4.599479878042022 },
  ])('ln Gamma($x) = $want', ({ x, want }) => {
    expectRelative(lnGamma(x), want, 1e-13);
  });

  it.each([
    { x: 1, want: -EULER },
    { x: 0.5, want: -EULER - 2 * Math.LN2 },
    { x: 4, want: 1 + 1 / 2 + 1 / 3 - EULER },
    { x: 100, want: 4.600161852738087 },
  ])('digamma($x) = $want', ({ x, want }) => {
    expectRelative(digamma(x), want, 1e-12);
  });

  it.each([
    { x: 1, want: Math.PI ** 2 / 6 },
    { x: 0.5, want: Math.PI ** 2 / 2 },
    { x: 3, want: Math.PI ** 2 / 6 - 1.25 },
  ])('trigamma($x) = $want', ({ x, want }) => {
    expectRelative(trigamma(x), want, 1e-12);
  });

  it('obey their recurrences', () => {
    fc.assert(
      fc.property(positive, (x) => {
        expectRelative(lnGamma(x + 1), lnGamma(x) + Math.log(x), 1e-12);
        expectRelative(digamma(x + 1), digamma(x) + 1 / x, 1e-11);
        expectRelative(trigamma(x + 1), trigamma(x) - 1 / (x * x), 1e-9);
      }),
    );
  });

  it('of several dimensions is a product of plain ones', () => {
    const want = Math.log(Math.PI) / 2 + lnGamma(3) + lnGamma(2.5);
    expect(lnMultiGamma(3, 2)).toBeCloseTo(want, 12);
    expect(lnMultiGamma(3, 1)).toBeCloseTo(lnGamma(3), 12);
  });
});

describe('the normal distribution', () => {
  it.each([
    { z: 0, want: 0.5 },
    { z: 0.5, want: 0.6914624612740131 },
    { z: 1, want: 0.8413447460685429 },
    { z: 1.959963984540054, want: 0.975 },
    { z: -3, want: 0.0013498980316300946 },
    { z: -6, want: 9.865876450376981e-10 },
    { z: -10, want: 7.619853024160527e-24 },
    { z: 40, want: 1 },
    { z: -40, want: 0 },
  ])('has Phi($z) = $want', ({ z, want }) => {
    expect(Math.abs(normalCdf(z) - want)).toBeLessThanOrEqual(1e-15 + 1e-10 * Math.min(want, 1e-3));
  });

  it('is symmetric and its density is its slope, across the seams of the approximation', () => {
    for (let z = -8; z <= 8; z += 0.01) {
      expect(Math.abs(normalCdf(z) + normalCdf(-z) - 1)).toBeLessThan(1e-14);
      const slope = (normalCdf(z + 1e-5) - normalCdf(z - 1e-5)) / 2e-5;
      expect(Math.abs(slope - normalPdf(z))).toBeLessThan(1e-9);
    }
  });

  it('has a quick distribution function, right to 1e-11, that does not fall', () => {
    for (let z = -9, before = 0; z < 9; z += 0.000_7) {
      const p = quickNormalCdf(z);
      expect(Math.abs(p - normalCdf(z))).toBeLessThan(1e-11);
      expect(p).toBeGreaterThan(before - 1e-16);
      before = p;
    }
    expect(quickNormalCdf(-Infinity)).toBe(0);
    expect(quickNormalCdf(Infinity)).toBe(1);
    expect(quickNormalCdf(NaN)).toBeNaN();
  });
});
