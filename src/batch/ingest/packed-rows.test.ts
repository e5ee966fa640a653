import { expect, it } from 'vitest';
import { eachRow, type PackedRows, RowPacker } from './packed-rows.ts';

function unpacked(rows: PackedRows): Array<readonly [number, string[]]> {
  const all: Array<readonly [number, string[]]> = [];
  eachRow(rows, (fields, line) => all.push([line, fields]));
  return all;
}

it('rows come back as they were packed, each once', () => {
  const packer = new RowPacker();
  const rows = [
    [1, ['a', '', 'long enough to be cut out of a longer text']],
    [2, []],
    [5, ['', '']],
    [6, ['\u00e4\u00ff\u0000', 'z']],
  ] as const;
  for (const [line, fields] of rows) packer.add(fields, line);
  expect(packer.size).toBe(47);
  expect(packer.lastLine).toBe(6);
  expect(unpacked(packer.take())).toEqual(rows);
  expect(packer.size).toBe(0);
  packer.add(['next'], 7);
  expect(unpacked(packer.take())).toEqual([[7, ['next']]]);
});
