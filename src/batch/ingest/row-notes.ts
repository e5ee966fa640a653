import { AppError } from '../../runtime/errors.ts';
import { shorten, type Findings } from './findings.ts';

/** Notes on the rows of one file; `line` is set before each row. */
export class RowNotes {
  line = 0;
  rows = 0;
  badRows = 0;
  readonly file: string;
  readonly #findings: Findings;
  #columns: readonly string[] = [];
  #firstBad: string | null = null;

  constructor(file: string, findings: Findings) {
    this.file = file;
    this.#findings = findings;
  }

  set columns(names: readonly string[]) {
    this.#columns = names;
  }

  /** The row cannot be used; `column` is the index of the field at fault. */
  bad(kind: string, column: number, text: string): void {
    this.badRows++;
    this.#findings.add('set-aside', kind, this.file, this.line, text);
    this.#firstBad ??= `${this.place(column)}: ${kind}, "${shorten(text)}"`;
  }

  /** The row and one of its fields, as messages name them. */
  protected place(column: number): string {
    const name = this.#columns[column];
    return `line ${this.line}, column ${column + 1}${name === undefined ? '' : ` (${name})`}`;
  }

  repaired(kind: string, text: string): void {
    this.#findings.add('repaired', kind, this.file, this.line, text);
  }

  unknown(kind: string, text: string): void {
    this.#findings.add('unknown', kind, this.file, this.line, text);
  }

  noted(kind: string, text: string): void {
    this.#findings.add('noted', kind, this.file, this.line, text);
  }

  /** A row that says again what another row says. */
  setAside(kind: string, text: string, line = this.line): void {
    this.#findings.add('set-aside', kind, this.file, line, text);
  }

  /** Throws `DATA_TOO_BAD` if more than the fraction `max` of the rows were bad. */
  assertGoodEnough(max: number): void {
    if (this.badRows <= max * this.rows || this.#firstBad === null) return;
    throw new AppError(
      'DATA_TOO_BAD',
      `${this.file}: ${String(this.badRows)} of ${String(this.rows)} rows are bad, ` +
        `first at ${this.#firstBad}`,
      `Mend the file, or allow more bad rows with --max-bad (now ${String(max * 100)}%).`,
    );
  }
}
