import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nthSmallest } from './nth-smallest.ts';

it('finds what sorting puts there (property)', () => {
  // Few different values too, so that many are the same.
  const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ noNaN: true }));
  const cases = fc
    .array(value, { minLength: 1, maxLength: 60 })
    .chain((values) => fc.tuple(fc.constant(values), fc.nat(values.length - 1)));
  fc.assert(
    fc.property(cases, ([values, n]) => {
      const sorted = Float64Array.from(values).sort();
      // No sign of zero: what is compared does not tell it.
      expect(nthSmallest(Float64Array.from(values), n) + 0).toBe((sorted[n] ?? NaN) + 0);
    }),
  );
});
