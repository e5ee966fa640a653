import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaKl, gammaMean, gammaMeanLn, unitMeanGammaShape } from './gamma.ts';
import type { Gamma } from './gamma.ts';
import { digamma, lnGamma } from './special-functions.ts';

const anyGamma = fc.record({
  shape: fc.double({ min: 0.5, max: 50, noNaN: true }),
  rate: fc.double({ min: 0.1, max: 20, noNaN: true }),
});

/** Integral of f(x) q(x) over x > 0, with a fine grid in ln x. */
function integral(q: Gamma, f: (x: number) => number): number {
  const norm = q.shape * Math.log(q.rate) - lnGamma(q.shape);
  let sum = 0;
  for (let y = -30; y < 15; y += 0.001) {
    const x = Math.exp(y);
    sum += 0.001 * f(x) * Math.exp(norm + q.shape * y - q.rate * x);
  }
  return sum;
}

describe('a Gamma distribution', () => {
  it('has the moments and the divergence that integration gives', () => {
    const q = { shape: 3.5, rate: 1.2 };
    const p = { shape: 1.5, rate: 2 };
    const lnDensity = ({ shape, rate }: Gamma, x: number) =>
      shape * Math.log(rate) - lnGamma(shape) + (shape - 1) * Math.log(x) - rate * x;
    expect(gammaMean(q)).toBeCloseTo(
      integral(q, (x) => x),
      8,
    );
    expect(gammaMeanLn(q)).toBeCloseTo(integral(q, Math.log), 8);
    expect(gammaKl(q, p)).toBeCloseTo(
      integral(q, (x) => lnDensity(q, x) - lnDensity(p, x)),
      8,
    );
  });

  it('diverges from itself by nothing and from others by more', () => {
    fc.assert(
      fc.property(anyGamma, anyGamma, (q, p) => {
        expect(Math.abs(gammaKl(q, q))).toBeLessThan(1e-10);
        if (Math.abs(q.shape - p.shape) > 1e-3) expect(gammaKl(q, p)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the shape of the noise factors', () => {
  const value = (a: number, n: number, sumLn: number, sumMean: number) =>
    n * (a * Math.log(a) - lnGamma(a)) + (a - 1) * sumLn - a * sumMean;

  it('is at the top of what it maximises, or at a bound', () => {
    const anyFactor = fc.tuple(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.nat(40));
    fc.assert(
      fc.property(fc.array(anyFactor, { minLength: 1 }), fc.nat(900), (factors, start) => {
        let [sumLn, sumMean] = [0, 0];
        for (const [mean, count] of factors) {
          sumMean += mean;
          sumLn += digamma(5 + count) - Math.log(5 + count) + Math.log(mean);
        }
        const n = factors.length;
        const a = unitMeanGammaShape(n, sumLn, sumMean, 2 + start);
        expect(a).toBeGreaterThan(1.99);
        expect(a).toBeLessThan(1001);
        const top = value(a, n, sumLn, sumMean);
        for (const other of [a * 1.01, a / 1.01]) {
          if (other > 2 && other < 1000) {
            expect(value(other, n, sumLn, sumMean)).toBeLessThanOrEqual(top + 1e-9 * n);
          }
        }
      }),
    );
  });

  it('is the largest allowed when all factors are one for sure', () => {
    expect(unitMeanGammaShape(10, 0, 10, 10)).toBeCloseTo(1000, 3);
  });
});
