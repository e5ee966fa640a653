import { packColumns, unpackColumns } from './columns.ts';
import { corrupt } from './store-error.ts';

/** The books of a version as people see them; index m in every column is the same book. */
export interface Catalogue {
  readonly ids: readonly string[];
  readonly title: readonly string[];
  readonly author: readonly string[];
  readonly publisher: readonly string[];
  /** Year of publication; 0 where unknown. */
  readonly year: Int16Array;
  /** 1 where the book may be listed, else 0. */
  readonly listed: Uint8Array;
}

/** Name of the catalogue among the version's blobs. */
export const CATALOGUE_BLOB = 'catalogue';

/** Packs a catalogue for `VersionWriter.putBlob`. */
export function encodeCatalogue(catalogue: Catalogue): Uint8Array {
  const { ids, title, author, publisher, year, listed } = catalogue;
  return packColumns({ ids, title, author, publisher, year, listed });
}

/** Unpacks a catalogue; throws `STORE_CORRUPT`. */
export function decodeCatalogue(bytes: Uint8Array): Catalogue {
  const columns = unpackColumns(bytes);
  const catalogue: Catalogue = {
    ids: columns.strings('ids'),
    title: columns.strings('title'),
    author: columns.strings('author'),
    publisher: columns.strings('publisher'),
    year: columns.array('year', Int16Array),
    listed: columns.array('listed', Uint8Array),
  };
  const books = catalogue.ids.length;
  if (Object.values(catalogue).some((column: ArrayLike<unknown>) => column.length !== books)) {
    throw corrupt('The stored catalogue has columns of different lengths');
  }
  return catalogue;
}
