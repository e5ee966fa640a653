import { describe, expect, it } from 'vitest';
import { smallDataset } from '../../testing/small-dataset.ts';
import { heldOutOf, packHeldOut, pairKey, unpackHeldOut } from './held-out.ts';

const data = smallDataset([
  ['a', 'x', 5],
  ['b', 'x', 7],
  ['b', 'ü:{y}', 9],
]);

describe('heldOutOf', () => {
  const got = heldOutOf(data, Int32Array.of(0, 2), Float64Array.of(5.5, 8));

  it('keeps key, rating and prediction of the test rows', () => {
    expect([...got.key]).toEqual([pairKey('a', 'x'), pairKey('b', 'ü:{y}')]);
    expect([...got.value]).toEqual([5, 9]);
    expect([...got.prediction]).toEqual([5.5, 8]);
  });

  it('comes back from its bytes', () => {
    expect(unpackHeldOut(packHeldOut(got))).toEqual(got);
  });

  it('takes 16 bytes a row', () => {
    const rows = 1000;
    const many = {
      key: new Float64Array(rows),
      value: new Float32Array(rows),
      prediction: new Float32Array(rows),
    };
    expect(packHeldOut(many).length).toBeLessThan(16 * rows + 400);
  });

  it('refuses bytes that are cut off', () => {
    expect(() => unpackHeldOut(packHeldOut(got).subarray(0, -8))).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
  });
});

describe('pairKey', () => {
  it('is exact and differs for pairs that differ', () => {
    // printf 'a:x' | sha256sum
    expect(pairKey('a', 'x')).toBe(0xef7e44ae6519b);
    expect(Number.isSafeInteger(pairKey('a', 'x'))).toBe(true);
    expect(pairKey('a', 'y')).not.toBe(pairKey('a', 'x'));
  });
});
