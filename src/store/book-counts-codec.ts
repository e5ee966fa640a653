import { packColumns, unpackColumns } from './columns.ts';
import { corrupt } from './store-error.ts';

/** Name of the artefact that holds how often each book was rated. */
export const BOOK_COUNTS_BLOB = 'book-counts';

const FORMAT = 1;

/** Ratings by book of the whole data set; M books in the order of the catalogue, L levels of the scale. */
export interface BookCounts {
  /** Ratings of each book by level, M x L. */
  readonly byLevel: Uint32Array;
  /**
   * Ratings of each book, each worth half as much for every 90 days before the newest one, M numbers; null where
   * the data carry no times.
   */
  readonly recent: Float32Array | null;
}

/** Packs the counts for `VersionWriter.putBlob`. */
export function encodeBookCounts({ byLevel, recent }: BookCounts): Uint8Array {
  return packColumns({
    format: FORMAT,
    timed: recent !== null,
    byLevel,
    recent: recent ?? new Float32Array(),
  });
}

/** Unpacks the counts of `books` books and `levels` levels; throws `STORE_CORRUPT`. */
export function decodeBookCounts(bytes: Uint8Array, books: number, levels: number): BookCounts {
  const columns = unpackColumns(bytes);
  if (columns.json('format') !== FORMAT) {
    throw corrupt('The stored counts of ratings are of another format');
  }
  const byLevel = columns.array('byLevel', Uint32Array);
  const recent = columns.json('timed') === true ? columns.array('recent', Float32Array) : null;
  if (byLevel.length !== books * levels || (recent !== null && recent.length !== books)) {
    throw corrupt('The stored counts of ratings do not fit the catalogue');
  }
  return { byLevel, recent };
}
