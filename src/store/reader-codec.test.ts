import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RankedList } from '../model/ranked-list.ts';
import { sampleRecord } from '../testing/sample-version.ts';
import { decodeReader, encodeReader } from './reader-codec.ts';
import type { ReaderRecord } from './store.ts';

const u32s = fc.uint32Array({ maxLength: 40 });
const f32 = (options: fc.FloatConstraints) =>
  fc.float({ noNaN: true, noDefaultInfinity: true, ...options });

function floats(length: number, values: fc.Arbitrary<number>): fc.Arbitrary<Float32Array> {
  return fc
    .array(values, { minLength: length, maxLength: length })
    .map((items) => Float32Array.from(items));
}

const list: fc.Arbitrary<RankedList> = fc.nat(60).chain((n) => {
  const rating = floats(n, f32({ min: -5, max: 10 }));
  const spread = floats(n, f32({ min: 0, max: 4 }));
  return fc.record({
    book: fc.uint32Array({ minLength: n, maxLength: n }),
    mean: rating,
    low: rating,
    high: rating,
    sdReader: spread,
    sdBook: spread,
    sdNoise: spread,
    interest: floats(n, f32({ min: 0, max: 1 })),
    signal: fc.uint8Array({ minLength: n, maxLength: n }),
  });
});

const record: fc.Arbitrary<ReaderRecord> = fc
  .record({ list, labels: u32s, ratedBook: u32s, unratedBook: u32s, personal: fc.boolean() })
  .chain(({ personal, ...rest }) =>
    floats(rest.ratedBook.length, f32({})).map((ratedValue) => ({
      ...rest,
      ratedValue,
      source: personal ? ('personal' as const) : ('prior' as const),
    })),
  );

/** The greatest error of any value of the list. */
function greatestError(a: RankedList, b: RankedList): number {
  let greatest = 0;
  for (const name of ['mean', 'low', 'high', 'sdReader', 'sdBook', 'sdNoise'] as const) {
    for (const [i, value] of a[name].entries()) {
      greatest = Math.max(greatest, Math.abs(value - (b[name][i] ?? NaN)));
    }
  }
  return greatest;
}

describe('the codec of readers', () => {
  it('gives back every record, its list to 1e-4 of the span, from any place in memory', () => {
    fc.assert(
      fc.property(record, fc.nat(7), (original, shift) => {
        const bytes = encodeReader(original);
        const shifted = Buffer.alloc(bytes.length + shift);
        shifted.set(bytes, shift);
        const decoded = decodeReader(shifted.subarray(shift));
        expect(decoded.source).toBe(original.source);
        for (const name of ['labels', 'ratedBook', 'ratedValue', 'unratedBook'] as const) {
          expect(decoded[name]).toEqual(original[name]);
        }
        expect(decoded.list.book).toEqual(original.list.book);
        expect(greatestError(original.list, decoded.list)).toBeLessThan(15e-4);
      }),
    );
  });

  it('keeps the ends of the scale, order and equality', () => {
    const original = sampleRecord([10, 10, 1]);
    const { mean, low, high } = decodeReader(encodeReader(original)).list;
    expect(mean).toEqual(Float32Array.of(10, 10, 1));
    expect(Math.min(...low)).toBe(1);
    expect(Math.max(...high)).toBe(10);
  });

  it('takes 21 bytes for each item of the list', () => {
    const empty = {
      ...sampleRecord([]),
      ratedBook: Uint32Array.of(),
      ratedValue: Float32Array.of(),
    };
    const with3 = encodeReader(empty).length;
    const none = { ...empty, list: { ...empty.list } };
    for (const name of ['mean', 'low', 'high', 'sdReader', 'sdBook', 'sdNoise'] as const) {
      none.list[name] = Float32Array.of();
    }
    none.list.interest = Float32Array.of();
    none.list.signal = Uint8Array.of();
    none.list.book = Uint32Array.of();
    expect(with3 - encodeReader(none).length).toBe(3 * 21);
  });

  it('refuses a record with any byte changed or cut off', () => {
    const bytes = encodeReader(sampleRecord([3, 2, 1]));
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x10;
      expect(() => decodeReader(changed)).toThrow(
        expect.objectContaining({ code: 'STORE_CORRUPT' }),
      );
      expect(() => decodeReader(bytes.subarray(0, i))).toThrow(
        expect.objectContaining({ code: 'STORE_CORRUPT' }),
      );
    }
    expect(() => decodeReader(Buffer.concat([bytes, bytes]))).toThrow('length');
  });

  it.each([NaN, Infinity, -Infinity])('refuses to store %s', (value) => {
    expect(() => encodeReader(sampleRecord([3, value, 1]))).toThrow(
      expect.objectContaining({ code: 'NUMERICAL' }),
    );
  });
});
