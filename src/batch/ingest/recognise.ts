import { AppError } from '../../runtime/errors.ts';
import { openDataFile, type DataFile } from './data-files.ts';
import { DIALECTS } from './dialects/registry.ts';
import type { Dialect, Table } from './dialects/dialect.ts';
import { shorten } from './findings.ts';
import { columnNames } from './read-table.ts';

const HINT = 'See docs/data.md for the formats that can be read.';

/** A dialect with the files that it was recognised by. */
export interface Recognised {
  readonly dialect: Dialect;
  readonly ratings: DataFile;
  readonly books: DataFile | null;
  readonly readers: DataFile | null;
}

function fileOf(table: Table, files: ReadonlyMap<string, DataFile>): DataFile | null {
  const name = table.names.find((candidate) => files.has(candidate));
  return name === undefined ? null : (files.get(name) ?? null);
}

/** The first line of a file, as bytes; throws `DATA_UNREADABLE` where the file is not text. */
export async function firstLine(file: DataFile): Promise<string> {
  const opened = await openDataFile(file);
  let text = '';
  try {
    for await (const chunk of opened.chunks) {
      text += chunk.toString('latin1');
      if (/[\r\n]/.test(text) || text.length > 65_536) break;
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = `${file.name}, line 1, column 1: the gzip data is damaged or cut off`;
    throw new AppError('DATA_UNREADABLE', message, 'Get the file again.', { cause });
  }
  return text.split(/[\r\n]/, 1)[0] ?? '';
}

/** Whether a ratings file that starts with this line is of the dialect. */
export function claims(table: Table, line: string): boolean {
  const fields = columnNames(line.split(table.csv.delimiter));
  if (table.columns !== undefined) return fields.length === table.columns.length;
  return table.required.every((name) => fields.includes(name));
}

/**
 * Finds the dialect whose ratings file is there, by its name and its first line. Throws
 * `DATA_NOT_FOUND` where no file has a known name, `DATA_UNREADABLE` where none is what its name
 * says, `DATA_EMPTY` where the ratings file is empty.
 */
export async function recognise(
  dir: string,
  files: ReadonlyMap<string, DataFile>,
): Promise<Recognised> {
  const unclaimed = new Map<string, string>();
  for (const dialect of DIALECTS) {
    const ratings = fileOf(dialect.ratings, files);
    if (ratings === null) continue;
    const line = unclaimed.get(ratings.name) ?? (await firstLine(ratings));
    if (claims(dialect.ratings, line)) {
      const books = fileOf(dialect.books, files);
      return { dialect, ratings, books, readers: fileOf(dialect.readers, files) };
    }
    unclaimed.set(ratings.name, line);
  }
  throw notRecognised(dir, unclaimed);
}

function notRecognised(dir: string, unclaimed: ReadonlyMap<string, string>): AppError {
  const [first] = unclaimed;
  if (first === undefined) {
    const names = [...new Set(DIALECTS.flatMap((dialect) => dialect.ratings.names))];
    const message = `${dir} has no ratings file (looked for ${names.join(', ')}, plain or .gz)`;
    return new AppError('DATA_NOT_FOUND', message, HINT);
  }
  const [name, line] = first;
  if (line.trim() === '') {
    return new AppError('DATA_EMPTY', `${name}, line 1, column 1: the file is empty`, HINT);
  }
  const message = `${name}, line 1, column 1: not the header of a known format: ${shorten(line)}`;
  return new AppError('DATA_UNREADABLE', message, HINT);
}
