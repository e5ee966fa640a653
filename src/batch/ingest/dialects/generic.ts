import { AppError } from '../../../runtime/errors.ts';
import { addCatalogueRow } from '../book-labels.ts';
import { addColumn, COLUMN_KINDS, type ColumnKind, type ColumnValue } from '../column-family.ts';
import type { DatasetBuilder } from '../dataset-builder.ts';
import { cleanText } from '../decode-text.ts';
import type { FamilySet } from '../family-set.ts';
import { addAgeLabel, addLocationLabels, newReader } from '../reader-labels.ts';
import type { RowNotes } from '../row-notes.ts';
import type { CsvFormat, Dialect, RowReader } from './dialect.ts';
import { bindPlainRatings } from './plain-ratings.ts';

const CSV: CsvFormat = { delimiter: ',', quotes: 'doubled' };

/** A column of `items.csv` or `users.csv` that becomes a family once the file is read. */
interface FeatureColumn {
  readonly name: string;
  readonly at: number;
  readonly kind: ColumnKind | null;
  readonly values: ColumnValue[];
}

function parseKind(where: string, suffix: string): ColumnKind {
  const kind = COLUMN_KINDS.find((known) => known === suffix);
  if (kind !== undefined) return kind;
  const kinds = COLUMN_KINDS.join(', ');
  throw new AppError(
    'DATA_UNREADABLE',
    `${where}: "${suffix}" is no kind of column`,
    `The kinds are ${kinds}; see docs/data.md.`,
  );
}

/** A file of the format while its header is read. */
interface Header {
  readonly columns: readonly string[];
  readonly file: string;
  /** Columns that are read by their name. */
  readonly named: readonly string[];
}

/** The other columns; their labels are added to `families` after the last row. */
function featureColumns(
  { columns, file, named }: Header,
  build: DatasetBuilder,
  families: FamilySet,
): FeatureColumn[] {
  const features: FeatureColumn[] = [];
  columns.forEach((column, at) => {
    const [name = '', suffix] = column.split(':');
    if (named.includes(column) || name === '') return;
    const where = `${file}, line 1, column ${at + 1} (${column})`;
    if (features.some((other) => other.name === name)) {
      const hint = 'Give each column a name of its own.';
      throw new AppError('DATA_UNREADABLE', `${where}: "${name}" occurs twice`, hint);
    }
    const kind = suffix === undefined ? null : parseKind(where, suffix);
    features.push({ name, at, kind, values: [] });
  });
  build.whenRead.push(() => {
    for (const { name, kind, values } of features) addColumn(values, kind, families.family(name));
  });
  return features;
}

function keepValues(
  features: readonly FeatureColumn[],
  entity: number,
  fields: readonly string[],
  notes: RowNotes,
): void {
  for (const { at, values } of features) values.push([entity, cleanText(fields[at] ?? '', notes)]);
}

/** Notes a row with another number of fields than the header as bad. */
function isWhole(fields: readonly string[], columns: readonly string[], notes: RowNotes): boolean {
  if (fields.length === columns.length) return true;
  const last = Math.min(fields.length, columns.length) - 1;
  notes.bad('wrong-number-of-fields', last, fields.join(','));
  return false;
}

function bindItems(columns: readonly string[], build: DatasetBuilder, file: string): RowReader {
  const named = ['item_id', 'title', 'author', 'publisher', 'year'];
  const places = named.map((name) => columns.findIndex((column) => column === name));
  const titleAt = columns.findIndex((column) => column === 'title' || column === 'title:text');
  const features = featureColumns(
    { columns, file, named: [...named, 'title:text'] },
    build,
    build.bookFamilies,
  );
  return (fields, notes) => {
    if (!isWhole(fields, columns, notes)) return;
    const [id = '', , author = '', publisher = '', year = ''] = places.map(
      (place) => fields[place] ?? '',
    );
    const book = build.books.index(id, notes);
    if (book === null) {
      notes.bad('missing-book-id', places[0] ?? 0, id);
      return;
    }
    const row = { title: fields[titleAt] ?? '', author, publisher, year };
    if (addCatalogueRow(build, book, row, notes) !== null)
      keepValues(features, book, fields, notes);
  };
}

function bindReaders(columns: readonly string[], build: DatasetBuilder, file: string): RowReader {
  const named = ['user_id', 'age', 'location'];
  const [idAt = 0, ageAt = -1, locationAt = -1] = named.map((name) => columns.indexOf(name));
  const features = featureColumns({ columns, file, named }, build, build.readerFamilies);
  return (fields, notes) => {
    if (!isWhole(fields, columns, notes)) return;
    const reader = newReader(build, fields[idAt] ?? '', idAt, notes);
    if (reader === null) return;
    if (ageAt >= 0) addAgeLabel(build, reader, fields[ageAt] ?? '', notes);
    if (locationAt >= 0) addLocationLabels(build, reader, fields[locationAt] ?? '', notes);
    keepValues(features, reader, fields, notes);
  };
}

/** The documented format of our own: `ratings.csv`, `items.csv`, `users.csv`. */
export const generic: Dialect = {
  name: 'generic',
  levels: null,
  isbn: false,
  maxYear: null,
  ratings: {
    names: ['ratings.csv'],
    csv: CSV,
    required: ['user_id', 'item_id', 'rating'],
    bind: (columns, build) =>
      bindPlainRatings(
        {
          reader: 'user_id',
          book: 'item_id',
          rating: 'rating',
          time: 'timestamp',
          empty: 'interaction',
        },
        columns,
        build,
      ),
  },
  books: { names: ['items.csv'], csv: CSV, required: ['item_id'], bind: bindItems },
  readers: { names: ['users.csv'], csv: CSV, required: ['user_id'], bind: bindReaders },
};
