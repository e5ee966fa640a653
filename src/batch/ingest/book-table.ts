import { classifyBookId, type BookIdKind } from '../../model/isbn.ts';
import type { Books } from './dataset.ts';
import { decodeText } from './decode-text.ts';
import { IdTable } from './id-table.ts';
import type { RowNotes } from './row-notes.ts';

/** What a catalogue says of a book. */
export interface CatalogueEntry {
  readonly title: string;
  readonly author: string;
  readonly publisher: string;
  /** 0 where unknown. */
  readonly year: number;
}

const NOT_LISTED: CatalogueEntry = { title: '', author: '', publisher: '', year: 0 };

const KIND_OF_NOTE: Readonly<Partial<Record<BookIdKind, string>>> = {
  'isbn-bad-check': 'isbn-bad-check-digit',
  'not-isbn': 'id-not-an-isbn',
  asin: 'id-is-an-asin',
};

/** Books while the files are read: ids in any spelling, and catalogue entries. */
export class BookTable {
  readonly #books = new IdTable();
  /** From each spelling met, as bytes, to the book. */
  readonly #spellings = new Map<string, number>();
  readonly #entries = new Map<number, CatalogueEntry>();
  readonly #isbn: boolean;
  /** Rows of the catalogue, those that name a book again included. */
  catalogueRows = 0;

  /** `isbn`: ids are ISBNs, of which several spellings are one book. */
  constructor(isbn: boolean) {
    this.#isbn = isbn;
  }

  get length(): number {
    return this.#books.length;
  }

  id(index: number): string {
    return this.#books.ids[index] ?? '';
  }

  /** Index of the book with this id as it stands in a file, or null where it is empty. */
  index(bytes: string, notes: RowNotes): number | null {
    const known = this.#spellings.get(bytes);
    if (known !== undefined) return known;
    const spelling = decodeText(bytes);
    const id = this.#isbn ? this.#canonical(spelling, notes) : spelling.trim();
    if (id === '') return null;
    const index = this.#books.add(id);
    this.#spellings.set(bytes, index);
    return index;
  }

  /** Whether the book has an entry already. */
  hasEntry(index: number): boolean {
    return this.#entries.has(index);
  }

  list(index: number, entry: CatalogueEntry): void {
    this.#entries.set(index, entry);
  }

  get listedBooks(): number {
    return this.#entries.size;
  }

  /** The columns; without any catalogue every book is listed under its id. */
  finish(): Omit<Books, 'families'> {
    const { ids } = this.#books;
    if (this.#entries.size === 0) {
      ids.forEach((title, index) => {
        this.list(index, { ...NOT_LISTED, title });
      });
    }
    const entries = ids.map((_, index) => this.#entries.get(index) ?? NOT_LISTED);
    return {
      ids,
      listed: Uint8Array.from(ids, (_, index) => (this.#entries.has(index) ? 1 : 0)),
      title: entries.map((entry) => entry.title),
      author: entries.map((entry) => entry.author),
      publisher: entries.map((entry) => entry.publisher),
      year: Int16Array.from(entries, (entry) => entry.year),
    };
  }

  #canonical(spelling: string, notes: RowNotes): string {
    const stripped = spelling.replaceAll('"', '');
    if (stripped !== spelling) notes.repaired('stray-quote', spelling);
    const { id, kind } = classifyBookId(stripped);
    const note = KIND_OF_NOTE[kind];
    if (note !== undefined && this.#books.indexOf(id) === undefined) notes.noted(note, spelling);
    if (id !== spelling && stripped === spelling) notes.repaired('id-respelled', spelling);
    return id;
  }
}
