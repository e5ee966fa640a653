import type { FeatureFamily, Interactions, Ratings } from '../../model/data.ts';

/** Readers of a data set; index n in every column is the same reader. */
export interface Readers {
  readonly ids: readonly string[];
  readonly families: readonly FeatureFamily[];
}

/** Books of a data set; index m in every column is the same book. */
export interface Books {
  /** Canonical ids (ISBNs without hyphens; other data sets: the id as it stands). */
  readonly ids: readonly string[];
  readonly families: readonly FeatureFamily[];
  /** 1 where the book has a catalogue entry and may be listed, else 0. */
  readonly listed: Uint8Array;
  readonly title: readonly string[];
  readonly author: readonly string[];
  readonly publisher: readonly string[];
  /** Year of publication; 0 where unknown. */
  readonly year: Int16Array;
}

/** A data set as the model sees it: typed columns, nothing of the files' dialect left. */
export interface Dataset {
  /** Name of the format that was recognised: `bookcrossing`, `movielens-100k`, ... */
  readonly format: string;
  /** Levels of the rating scale, ascending. */
  readonly levels: Float64Array;
  readonly readers: Readers;
  readonly books: Books;
  readonly ratings: Ratings;
  /** Seconds since 1970 for each rating, or null where the format has none. */
  readonly timestamps: Float64Array | null;
  readonly interactions: Interactions;
  /** Book id of a rating as it stands in the file, only where it differs from the canonical id. */
  readonly rawBookId: ReadonlyMap<number, string>;
  /** SHA-256 (hex) over everything above. */
  readonly contentHash: string;
}
