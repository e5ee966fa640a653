import type { DatasetBuilder } from '../dataset-builder.ts';
import type { RowNotes } from '../row-notes.ts';

/** How the fields of a file are set apart. */
export interface CsvFormat {
  readonly delimiter: string;
  /** `none`: quotes are ordinary characters; else how a quote within a quoted field is written. */
  readonly quotes: 'none' | 'doubled' | 'backslash';
}

/** Takes one row; the fields are bytes as Latin-1 (see decode-text.ts). */
export type RowReader = (fields: readonly string[], notes: RowNotes) => void;

/** One file of a dialect. */
export interface Table {
  /** Names that the file may have, lower case, without `.gz`. */
  readonly names: readonly string[];
  readonly csv: CsvFormat;
  /** Names of the columns where the file has no header line. */
  readonly columns?: readonly string[];
  /** Columns (lower case) without which the file is not what its name says. */
  readonly required: readonly string[];
  /** Prepares to read rows with these columns (lower case); `file` is its name in messages. */
  readonly bind: (columns: readonly string[], build: DatasetBuilder, file: string) => RowReader;
}

/** A layout of files that ingest can read. */
export interface Dialect {
  readonly name: string;
  /** Levels of its rating scale; null: those that occur. */
  readonly levels: readonly number[] | null;
  /** Ids of books are ISBNs. */
  readonly isbn: boolean;
  /** Latest plausible year of publication; null: next year. */
  readonly maxYear: number | null;
  readonly ratings: Table;
  readonly books: Table;
  readonly readers: Table;
}
