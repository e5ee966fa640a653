import type { DataReport, DataFile as FileReport } from '../../contracts/data-report.ts';
import { AppError } from '../../runtime/errors.ts';
import { contentHash } from './content-hash.ts';
import { listDataFiles, type DataFile } from './data-files.ts';
import { addLater, DatasetBuilder, type LaterRating } from './dataset-builder.ts';
import type { Dataset } from './dataset.ts';
import type { Table } from './dialects/dialect.ts';
import { Findings } from './findings.ts';
import { readTable } from './read-table.ts';
import { recognise } from './recognise.ts';
import { RowNotes } from './row-notes.ts';
import { RowsAhead } from './rows-ahead.ts';
import type { FileRows } from './rows-of.ts';

/** How far ingest has come in one file. */
export interface IngestProgress {
  readonly file: string;
  /** Bytes of the file on disk, so far and in all. */
  readonly bytesRead: number;
  readonly bytes: number;
}

export interface IngestOptions {
  /** Directory with the data files. */
  readonly dir: string;
  /** Levels of the rating scale, ascending; null: those of the format or of the data. */
  readonly scale: readonly number[] | null;
  /** Fraction of bad rows in a file above which it is refused; 0.01 by default. */
  readonly maxBadFraction?: number;
  /** Readers or books that must share a label, for every family (docs/data.md has the defaults). */
  readonly minLabelCount?: number;
  /** What readers have said since the files were written, and whom to leave out of the files. */
  readonly feedback?: {
    readonly ratings: readonly LaterRating[];
    readonly erased: ReadonlySet<string>;
  };
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** More distinct ratings than this are no scale. */
const MAX_LEVELS = 100;

const DEFAULT_MAX_BAD = 0.01;

const NO_FEEDBACK = { ratings: [], erased: new Set<string>() };

/**
 * Reads a directory of data files into typed columns, with a report of what was repaired or set
 * aside. Throws `DATA_NOT_FOUND`, `DATA_UNREADABLE`, `DATA_TOO_BAD`, `DATA_EMPTY` or `CANCELLED`.
 */
export async function ingest(
  options: IngestOptions,
): Promise<{ dataset: Dataset; report: DataReport }> {
  const { dialect, ratings, books, readers } = await recognise(
    options.dir,
    await listDataFiles(options.dir),
  );
  const known = options.scale ?? dialect.levels;
  const { feedback = NO_FEEDBACK } = options;
  const build = new DatasetBuilder({
    isbn: dialect.isbn,
    levels: known === null ? null : new Set(known),
    maxYear: dialect.maxYear ?? new Date().getFullYear() + 1,
    minLabelCount: options.minLabelCount,
    erased: feedback.erased,
  });
  const findings = new Findings();
  const sources: Source[] = [{ role: 'ratings', table: dialect.ratings, file: ratings }];
  if (readers !== null) sources.unshift({ role: 'readers', table: dialect.readers, file: readers });
  if (books !== null) sources.unshift({ role: 'books', table: dialect.books, file: books });
  const { files, notes } = await readFiles(sources, build, findings, options);
  addLater(build, feedback.ratings, notes);
  for (const finish of build.whenRead) finish();

  const columns = build.ratings.finish(build.readers.length, build.books.length, notes);
  if (columns.ratings.value.length === 0) {
    const message = `${ratings.name}: none of its ${notes.rows} rows is a usable rating`;
    throw new AppError('DATA_EMPTY', message, 'Check the file, the scale and the format.');
  }
  const readerFamilies = build.readerFamilies.finish(build.readers.length);
  const bookFamilies = build.bookFamilies.finish(build.books.length);
  const content = {
    format: dialect.name,
    levels: Float64Array.from(known ?? levelsOf(build.ratings.distinctValues(), ratings.name)),
    readers: { ids: build.readers.ids, families: readerFamilies.families },
    books: { ...build.books.finish(), families: bookFamilies.families },
    ...columns,
  };
  const dataset = { ...content, contentHash: contentHash(content) };
  const families = [...readerFamilies.reports, ...bookFamilies.reports];
  const { catalogueRows } = build.books;
  return { dataset, report: reportOn(dataset, { files, families, findings, catalogueRows }) };
}

/** A file, what it holds, and how it is read. */
interface Source {
  readonly role: FileReport['role'];
  readonly table: Table;
  readonly file: DataFile;
}

/** Reads files one after the other; the notes are those on the last. */
async function readFiles(
  sources: readonly Source[],
  build: DatasetBuilder,
  findings: Findings,
  options: IngestOptions,
): Promise<{ files: FileReport[]; notes: RowNotes }> {
  const files: FileReport[] = [];
  const ahead = await RowsAhead.of(
    sources.map(({ file, table }) => ({ file, csv: table.csv })),
    options.signal,
  );
  let notes = new RowNotes('', findings);
  try {
    for (const source of sources) {
      notes = new RowNotes(source.file.name, findings);
      files.push(await readFile(source, ahead.next(), build, notes, options));
    }
  } finally {
    await ahead.end();
  }
  return { files, notes };
}

async function readFile(
  { role, table, file: { name } }: Source,
  rows: AsyncIterable<FileRows>,
  build: DatasetBuilder,
  notes: RowNotes,
  { maxBadFraction = DEFAULT_MAX_BAD, onProgress }: IngestOptions,
): Promise<FileReport> {
  let about = { bytes: 0, gzip: false };
  async function* watched(): AsyncGenerator<FileRows> {
    for await (const some of rows) {
      const { bytesRead, bytesOnDisk: bytes, gzip } = some;
      about = { bytes, gzip };
      onProgress?.({ file: name, bytesRead, bytes });
      yield some;
    }
  }
  await readTable(watched(), table, build, notes);
  notes.assertGoodEnough(maxBadFraction);
  return { role, name, ...about, rows: notes.rows, badRows: notes.badRows };
}

/** The levels that occur; whole numbers with the gaps between them filled. */
function levelsOf(values: readonly number[], file: string): readonly number[] {
  const low = values[0] ?? 0;
  const high = values.at(-1) ?? 0;
  const whole = values.every((value) => Number.isInteger(value));
  if (whole && high - low < MAX_LEVELS) {
    return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  }
  if (values.length <= MAX_LEVELS) return values;
  const message = `${file}: ${values.length} different ratings are too many for a scale`;
  throw new AppError('DATA_UNREADABLE', message, 'Give the scale with --scale, such as 1:10.');
}

function reportOn(
  dataset: Dataset,
  parts: Pick<DataReport, 'files' | 'families'> & { findings: Findings; catalogueRows: number },
): DataReport {
  const { ratings, books, readers } = dataset;
  const ofListed = ratings.book.reduce((sum, book) => sum + (books.listed[book] ?? 0), 0);
  return {
    format: dataset.format,
    levels: [...dataset.levels],
    files: parts.files,
    counts: {
      readers: readers.ids.length,
      readersWithRatings: new Set(ratings.reader).size,
      books: books.ids.length,
      catalogueRows: parts.catalogueRows,
      listedBooks: books.listed.reduce((sum, listed) => sum + listed, 0),
      ratings: ratings.value.length,
      ratingsOfListedBooks: ofListed / ratings.value.length,
      interactions: dataset.interactions.book.length,
    },
    findings: parts.findings.list(),
    families: parts.families,
    contentHash: dataset.contentHash,
  };
}
