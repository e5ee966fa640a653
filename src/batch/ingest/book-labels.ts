import { imprintOf } from '../../model/imprint.ts';
import type { CatalogueEntry } from './book-table.ts';
import type { DatasetBuilder } from './dataset-builder.ts';
import { cleanText } from './decode-text.ts';
import { authorLabel, publisherLabel, workLabel } from './name-labels.ts';
import type { RowNotes } from './row-notes.ts';

/** First year of printed books, as far as catalogues go. */
const MIN_YEAR = 1450;

/** What a row of a catalogue says, as it stands in the file. */
export interface CatalogueRow {
  readonly title: string;
  readonly author: string;
  readonly publisher: string;
  readonly year: string;
}

/** Year of publication, or 0 where it is missing or cannot be. */
function plausibleYear(text: string, maxYear: number, notes: RowNotes): number {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.toUpperCase() === 'NULL') return 0;
  const year = Number(trimmed);
  if (Number.isInteger(year) && year >= MIN_YEAR && year <= maxYear) return year;
  notes.unknown(year === 0 ? 'year-0' : 'impossible-year', trimmed);
  return 0;
}

/** Labels of a year: the year itself, its five years, its decade. */
function addYearLabels(build: DatasetBuilder, book: number, year: number): void {
  const five = year - (year % 5);
  const decade = year - (year % 10);
  build.bookFamilies.family('year').add(book, String(year));
  build.bookFamilies.family('years5').add(book, `${five}-${five + 4}`);
  build.bookFamilies.family('decade').add(book, `${decade}-${decade + 9}`);
}

/**
 * Enters a book in the catalogue with its author, publisher, work and years as labels; null where the
 * catalogue has it already.
 */
export function addCatalogueRow(
  build: DatasetBuilder,
  book: number,
  row: CatalogueRow,
  notes: RowNotes,
): CatalogueEntry | null {
  build.books.catalogueRows++;
  if (build.books.hasEntry(book)) {
    notes.setAside('duplicate-book', `${build.books.id(book)}: ${row.title}`);
    return null;
  }
  const author = cleanText(row.author, notes);
  const publisher = cleanText(row.publisher, notes);
  const year = plausibleYear(row.year, build.maxYear, notes);
  let title = cleanText(row.title, notes);
  if (title === '') {
    title = build.books.id(book);
    notes.repaired('title-missing', title);
  }
  const entry = { title, author, publisher, year };
  build.books.list(book, entry);
  const labels = {
    author: authorLabel(author),
    publisher: publisherLabel(publisher),
    work: workLabel(author, title),
  };
  for (const [family, label] of Object.entries(labels)) {
    if (label !== null) build.bookFamilies.family(family).add(book, label);
  }
  if (year > 0) addYearLabels(build, book, year);
  return entry;
}

/** Labels every book with the publisher prefix of its ISBN: all that is known of one without a catalogue entry. */
export function addImprintLabels(build: DatasetBuilder): void {
  const family = build.bookFamilies.family('imprint');
  for (let book = 0; book < build.books.length; book++) {
    const imprint = imprintOf(build.books.id(book));
    if (imprint !== null) family.add(book, imprint);
  }
}
