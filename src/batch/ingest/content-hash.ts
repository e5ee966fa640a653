import { createHash, type Hash } from 'node:crypto';
import type { FeatureFamily } from '../../model/data.ts';
import type { Dataset } from './dataset.ts';

type Column = Int32Array | Float64Array | Uint8Array | Int16Array | readonly string[];

/** Adds a column with its length, so that neighbours cannot run into each other. */
function addColumn(hash: Hash, column: Column): void {
  const bytes = ArrayBuffer.isView(column)
    ? new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
    : Buffer.from(JSON.stringify(column));
  hash.update(`${bytes.length}:`).update(bytes);
}

function addFamilies(hash: Hash, families: readonly FeatureFamily[]): void {
  for (const { name, labels, offsets, indices } of families) {
    for (const column of [[name], labels, offsets, indices]) addColumn(hash, column);
  }
}

/** SHA-256 (hex) over all columns of a data set in a fixed order. */
export function contentHash(data: Omit<Dataset, 'contentHash'>): string {
  const { books, readers, ratings, interactions } = data;
  const hash = createHash('sha256');
  addColumn(hash, [data.format]);
  addColumn(hash, data.levels);
  addColumn(hash, readers.ids);
  addFamilies(hash, readers.families);
  const described = [
    books.ids,
    books.listed,
    books.title,
    books.author,
    books.publisher,
    books.year,
  ];
  for (const column of described) addColumn(hash, column);
  addFamilies(hash, books.families);
  for (const column of [ratings.reader, ratings.book, ratings.value]) addColumn(hash, column);
  addColumn(hash, data.timestamps ?? []);
  for (const column of [interactions.reader, interactions.book]) addColumn(hash, column);
  addColumn(
    hash,
    [...data.rawBookId].map(([row, id]) => `${row}:${id}`),
  );
  return hash.digest('hex');
}
