import { expect, it } from 'vitest';
import { type BookCounts, decodeBookCounts, encodeBookCounts } from './book-counts-codec.ts';
import { packColumns } from './columns.ts';

const COUNTS: BookCounts = {
  byLevel: Uint32Array.of(1, 0, 70_000, 2, 0, 0),
  recent: Float32Array.of(0.5, 3),
};
const CORRUPT: unknown = expect.objectContaining({ code: 'STORE_CORRUPT' });

it.each([COUNTS, { ...COUNTS, recent: null }])('gives back counts', (counts) => {
  expect(decodeBookCounts(encodeBookCounts(counts), 2, 3)).toEqual(counts);
});

it('refuses counts that do not fit the catalogue', () => {
  const bytes = encodeBookCounts(COUNTS);
  expect(() => decodeBookCounts(bytes, 3, 3)).toThrow(CORRUPT);
  expect(() => decodeBookCounts(bytes, 3, 2)).toThrow(CORRUPT);
});

it('refuses another format', () => {
  const bytes = packColumns({ ...COUNTS, format: 2, timed: true });
  expect(() => decodeBookCounts(bytes, 2, 3)).toThrow(CORRUPT);
});
