import { AppError } from '../../runtime/errors.ts';
import { DatasetBuilder } from './dataset-builder.ts';
import { decodeText } from './decode-text.ts';
import type { RowReader, Table } from './dialects/dialect.ts';
import { DIALECTS } from './dialects/registry.ts';
import { Findings, shorten } from './findings.ts';
import { PLAIN_CSV, pairColumns } from './pair-columns.ts';
import { columnNames, readTable } from './read-table.ts';
import { claims, firstLine } from './recognise.ts';
import { RowNotes } from './row-notes.ts';
import { rowsOf } from './rows-of.ts';

/** One row of a file that says which ratings to train on or to measure with. */
export interface PairRow {
  readonly file: string;
  /** Line in the file, from 1. */
  readonly line: number;
  readonly user: string;
  /** As it stands in the file. */
  readonly item: string;
}

const HINT =
  'Give CSV with the columns user,item, or ratings in a format of docs/data.md; plain or gzipped.';

/**
 * Reads a file that names rated pairs: the ratings of any format that ingest knows, or plain CSV
 * `user,item` with or without a header. Rows without a rating are left out where the format has
 * such. Throws `DATA_UNREADABLE` with file, line and column, `DATA_EMPTY` or `CANCELLED`.
 */
export async function readPairs(path: string, signal?: AbortSignal): Promise<PairRow[]> {
  const file = { path, name: path };
  const table = tableOf(path, await firstLine(file));
  const collector = new PairCollector();
  const notes = new StrictNotes(path, new Findings());
  await readTable(rowsOf({ file, csv: table.csv }, signal), table, collector, notes);
  if (collector.pairs.length > 0) return collector.pairs;
  throw new AppError('DATA_EMPTY', `${path}: no row names a rated pair`, HINT);
}

/** How a file that starts with this line is read. */
function tableOf(file: string, line: string): Table {
  const known = DIALECTS.find(({ ratings }) => claims(ratings, line) && hasRatings(ratings, line));
  if (known !== undefined) return known.ratings;
  const fields = columnNames(line.split(PLAIN_CSV.delimiter));
  const places = pairColumns(fields);
  if (places === null) {
    const what = line.trim() === '' ? 'the file is empty' : `no pairs of ids: ${shorten(line)}`;
    throw new AppError('DATA_UNREADABLE', `${file}, line 1, column 1: ${what}`, HINT);
  }
  const bind = (_columns: readonly string[], build: DatasetBuilder): RowReader => {
    // The third place, of the rating, is not looked at.
    const columns = [places.user, places.item, -1] as const;
    return (row, notes) => {
      build.rate(row, columns, 0, Number.NaN, notes);
    };
  };
  const plain = { names: [], csv: PLAIN_CSV, required: [], bind };
  return places.header ? plain : { ...plain, columns: ['user', 'item'] };
}

/** Whether the file has the ratings that tell a rating from an interaction. */
const hasRatings = ({ columns, csv }: Table, line: string): boolean =>
  (columns ?? columnNames(line.split(csv.delimiter))).some((name) => name.endsWith('rating'));

/** Takes the rows of a ratings file for the pairs that they name. */
class PairCollector extends DatasetBuilder {
  readonly pairs: PairRow[] = [];

  constructor() {
    super({ isbn: false, levels: null, maxYear: 0, minLabelCount: undefined, erased: new Set() });
  }

  override rate(
    fields: readonly string[],
    [userAt, itemAt]: readonly [user: number, item: number, rating: number],
    value: number,
    _time: number,
    notes: RowNotes,
  ): void {
    const user = decodeText(fields[userAt] ?? '').trim();
    const item = decodeText(fields[itemAt] ?? '').trim();
    if (user === '') notes.bad('missing-reader-id', userAt, user);
    if (item === '') notes.bad('missing-book-id', itemAt, item);
    if (!Number.isNaN(value)) this.pairs.push({ file: notes.file, line: notes.line, user, item });
  }
}

/** Refuses the first bad row: a split is exact or none. */
class StrictNotes extends RowNotes {
  override bad(kind: string, column: number, text: string): never {
    const message = `${this.file}, ${this.place(column)}: ${kind}, "${shorten(text)}"`;
    throw new AppError('DATA_UNREADABLE', message, 'Mend the row or remove it.');
  }
}
