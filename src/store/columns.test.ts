import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnArray, Columns, packColumns, unpackColumns } from './columns.ts';

const corrupt = expect.objectContaining({ code: 'STORE_CORRUPT' }) as Error;

function shifted(bytes: Uint8Array, by: number): Buffer {
  const buffer = Buffer.alloc(bytes.length + by);
  buffer.set(bytes, by);
  return buffer.subarray(by);
}

describe('columns', () => {
  it('gives back texts and numbers of every kind, from any place in memory', () => {
    const column = fc.oneof<Array<fc.Arbitrary<ColumnArray | string[]>>>(
      fc.float64Array(),
      fc.float32Array(),
      fc.int32Array(),
      fc.uint32Array(),
      fc.int16Array(),
      fc.uint16Array(),
      fc.int8Array(),
      fc.uint8Array(),
      fc.array(fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), column), fc.nat(9), (columns, by) => {
        const read = unpackColumns(shifted(packColumns(columns), by));
        expect(read.names.sort()).toEqual(Object.keys(columns).sort());
        for (const [name, value] of Object.entries(columns)) {
          expect(columnOf(read, name, value)).toEqual(value);
        }
      }),
    );
  });

  it('does not copy numbers where the bytes are aligned', () => {
    const bytes = packColumns({ a: Uint8Array.of(1), b: Float64Array.of(1, 2) });
    const b = unpackColumns(bytes).array('b', Float64Array);
    expect(b.buffer).toBe(bytes.buffer);
    expect(b).toEqual(Float64Array.of(1, 2));
  });

  it('keeps small JSON values', () => {
    const values = { n: 1.5, s: 'x', t: true, z: null, o: { a: [1, 'b'] }, l: [1, 2], e: [] };
    const read = unpackColumns(packColumns(values));
    for (const [name, value] of Object.entries(values)) expect(read.json(name)).toEqual(value);
  });

  it('replaces lone surrogates without touching their neighbours', () => {
    const read = unpackColumns(packColumns({ t: ['a\ud83d', '\udcdab', 'c'] }));
    expect(read.strings('t')).toEqual(['a\ufffd', '\ufffdb', 'c']);
  });

  it('refuses numbers that JSON cannot hold', () => {
    expect(() => packColumns({ n: NaN })).toThrow('not finite');
    expect(() => packColumns({ o: { deep: [Infinity] } })).toThrow('not finite');
  });

  it('refuses a column that is absent or of another kind', () => {
    const read = unpackColumns(packColumns({ a: Int32Array.of(1), s: ['x'], j: 1 }));
    expect(() => read.array('b', Int32Array)).toThrow(corrupt);
    expect(() => read.array('a', Uint32Array)).toThrow(corrupt);
    expect(() => read.array('s', Uint32Array)).toThrow(corrupt);
    expect(() => read.strings('a')).toThrow(corrupt);
    expect(() => read.json('a')).toThrow(corrupt);
  });

  it('refuses bytes that are cut off or foreign', () => {
    const bytes = packColumns({ a: Float64Array.of(1, 2), s: ['x', 'yz'] });
    const readAll = (part: Uint8Array): void => {
      const read = unpackColumns(part);
      read.array('a', Float64Array);
      read.strings('s');
    };
    for (let length = 0; length < bytes.length; length++) {
      expect(() => {
        readAll(bytes.subarray(0, length));
      }).toThrow(corrupt);
    }
    expect(() => unpackColumns(Buffer.alloc(100))).toThrow(corrupt);
  });
});

function columnOf(read: Columns, name: string, like: ColumnArray | string[]): unknown {
  if (Array.isArray(like)) return read.strings(name);
  // The constructor of a typed array is that of its kind.
  return read.array(name, like.constructor as Parameters<Columns['array']>[1]);
}
