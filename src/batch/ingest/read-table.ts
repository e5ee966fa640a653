import { pipeline } from 'node:stream/promises';
import { CsvError, parse, type InfoRecord, type Options } from 'csv-parse';
import { AppError } from '../../runtime/errors.ts';
import type { OpenFile } from './data-files.ts';
import type { DatasetBuilder } from './dataset-builder.ts';
import { decodeText } from './decode-text.ts';
import type { CsvFormat, RowReader, Table } from './dialects/dialect.ts';
import { shorten } from './findings.ts';
import type { RowNotes } from './row-notes.ts';

/** A record longer than this has a quote that was opened and not closed. */
const MAX_RECORD_BYTES = 1 << 18;

/** Column names as dialects compare them. */
export function columnNames(fields: readonly string[]): string[] {
  return fields.map((field) => decodeText(field).replaceAll('"', '').trim().toLowerCase());
}

export function csvOptions(format: CsvFormat): Options {
  const escape = format.quotes === 'backslash' ? '\\' : '"';
  return {
    delimiter: format.delimiter,
    quote: format.quotes === 'none' ? false : '"',
    escape: format.quotes === 'none' ? null : escape,
    // Bytes pass through as they are; each field is decoded by itself later.
    encoding: 'latin1',
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
  };
}

/** Throws `DATA_UNREADABLE` if a column is missing that the table must have. */
function assertColumns(table: Table, columns: readonly string[], file: string): void {
  const missing = table.required.find((name) => !columns.includes(name));
  if (missing === undefined) return;
  const found = shorten(columns.join(', '));
  throw new AppError(
    'DATA_UNREADABLE',
    `${file}, line 1, column 1: no column "${missing}" in the header (found: ${found})`,
    'See docs/data.md for the columns of each format.',
  );
}

/** What reading a CSV file has thrown, as an `AppError` that names where; `line` is the last one read. */
export function readError(cause: unknown, file: string, line: number): unknown {
  if (cause instanceof AppError) return cause;
  if (cause instanceof Error && cause.name === 'AbortError') {
    const hint = 'Nothing was changed; start again when it suits.';
    return new AppError('CANCELLED', `Stopped while reading ${file}`, hint, { cause });
  }
  const where = `${file}, after line ${line}, column 1`;
  if (cause instanceof CsvError) {
    const message = `${file}, line ${line + 1}, column ${columnOf(cause)}: a quote is opened and not closed`;
    return new AppError('DATA_UNREADABLE', message, 'Close or remove the quote.', { cause });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const what = code.startsWith('Z_') ? 'the gzip data is damaged or cut off' : 'cannot be read';
  const hint = 'Get the file again; its copy here is not whole.';
  return new AppError('DATA_UNREADABLE', `${where}: ${what}`, hint, { cause });
}

/** 1-based column at which the parser stopped. */
function columnOf(error: CsvError): number {
  const { index } = error;
  return typeof index === 'number' ? index + 1 : 1;
}

/**
 * Streams a file through a table's row reader; `notes` counts rows and knows the line of each.
 * Throws `DATA_UNREADABLE` with file, line and column, or `CANCELLED`.
 */
export async function readTable(
  file: OpenFile,
  table: Table,
  build: DatasetBuilder,
  notes: RowNotes,
  signal: AbortSignal | undefined,
): Promise<void> {
  let read: RowReader | null = null;
  const start = (columns: readonly string[]): RowReader => {
    assertColumns(table, columns, file.name);
    notes.columns = columns;
    return table.bind(columns, build, file.name);
  };
  if (table.columns !== undefined) read = start(table.columns);
  const take = (fields: string[], info: InfoRecord): null => {
    notes.line = info.lines;
    if (read === null) {
      read = start(columnNames(fields));
    } else {
      notes.rows++;
      read(fields, notes);
    }
    return null;
  };
  const parser = parse({ ...csvOptions(table.csv), on_record: take });
  parser.resume();
  try {
    await pipeline(file.chunks, parser, { ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    throw readError(cause, file.name, notes.line);
  }
  if (read === null) {
    const hint = 'Remove it, or put the whole file in its place.';
    throw new AppError(
      'DATA_UNREADABLE',
      `${file.name}, line 1, column 1: the file is empty`,
      hint,
    );
  }
}
