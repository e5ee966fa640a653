import { expect, it } from 'vitest';
import { type Catalogue, decodeCatalogue, encodeCatalogue } from './catalogue-codec.ts';
import { packColumns } from './columns.ts';

const CATALOGUE: Catalogue = {
  ids: ['0195153448', '0002005018', ''],
  title: ['Classical Mythology', 'Der Fänger im Roggen', '\u{1f4da}'],
  author: ['Mark P. O. Morford', '', 'x'],
  publisher: ['', 'rororo', ''],
  year: Int16Array.of(2002, 0, -800),
  listed: Uint8Array.of(1, 1, 0),
};

it('gives back a catalogue', () => {
  expect(decodeCatalogue(encodeCatalogue(CATALOGUE))).toEqual(CATALOGUE);
});

it('gives back an empty catalogue', () => {
  const empty = {
    ids: [],
    title: [],
    author: [],
    publisher: [],
    year: Int16Array.of(),
    listed: Uint8Array.of(),
  };
  expect(decodeCatalogue(encodeCatalogue(empty))).toEqual(empty);
});

it('refuses columns of different lengths', () => {
  const bytes = packColumns({ ...CATALOGUE, listed: Uint8Array.of(1) });
  expect(() => decodeCatalogue(bytes)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
});
