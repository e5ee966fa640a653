import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE_IDS } from '../testing/store-cases.ts';
import { blobChunkKey, idPageKey, manifestKey, readerKey, segment, versionPrefix } from './keys.ts';

const id = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_IDS));

describe('keys', () => {
  it('gives every text its own short segment of harmless characters', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(segment(a)).toMatch(/^[A-Za-z0-9._%#-]{0,400}$/);
        expect(segment(a) === segment(b)).toBe(a === b);
      }),
    );
  });

  it('keeps plain ids readable', () => {
    expect(readerKey('2026-01', '276725')).toBe('bookrec:m:2026-01:u:276725');
    expect(readerKey('a:b', '{x}~')).toBe('bookrec:m:a%3Ab:u:%7Bx%7D%7E');
  });

  it('keeps the kinds of keys and the versions apart', () => {
    fc.assert(
      fc.property(id, id, (version, name) => {
        const keys = [
          manifestKey(version),
          readerKey(version, name),
          blobChunkKey(versionPrefix(version), name, 0),
          idPageKey(version, 0),
        ];
        expect(new Set(keys).size).toBe(keys.length);
        for (const key of keys) {
          expect(key.startsWith(versionPrefix(version))).toBe(true);
          expect(key.startsWith(versionPrefix(`${version}1`))).toBe(false);
        }
      }),
    );
  });
});
