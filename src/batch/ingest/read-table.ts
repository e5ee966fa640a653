import { AppError } from '../../runtime/errors.ts';
import type { DatasetBuilder } from './dataset-builder.ts';
import { decodeText } from './decode-text.ts';
import type { RowReader, Table } from './dialects/dialect.ts';
import { shorten } from './findings.ts';
import { eachRow, type PackedRows } from './packed-rows.ts';
import type { RowNotes } from './row-notes.ts';

/** Column names as dialects compare them. */
export function columnNames(fields: readonly string[]): string[] {
  return fields.map((field) => decodeText(field).replaceAll('"', '').trim().toLowerCase());
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

/**
 * Takes rows of a file through a table's row reader; `notes` counts them and knows the line of each. Throws `DATA_UNREADABLE` where the file
 * has not the columns, or no row, and what reading the rows throws.
 */
export async function readTable(
  rows: AsyncIterable<PackedRows>,
  table: Table,
  build: DatasetBuilder,
  notes: RowNotes,
): Promise<void> {
  let read: RowReader | null = null;
  const start = (columns: readonly string[]): RowReader => {
    assertColumns(table, columns, notes.file);
    notes.columns = columns;
    return table.bind(columns, build, notes.file);
  };
  if (table.columns !== undefined) read = start(table.columns);
  const take = (fields: string[], line: number): void => {
    notes.line = line;
    if (read === null) {
      read = start(columnNames(fields));
    } else {
      notes.rows++;
      read(fields, notes);
    }
  };
  for await (const some of rows) eachRow(some, take);
  if (read === null) {
    const hint = 'Remove it, or put the whole file in its place.';
    throw new AppError(
      'DATA_UNREADABLE',
      `${notes.file}, line 1, column 1: the file is empty`,
      hint,
    );
  }
}
