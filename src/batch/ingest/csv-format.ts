import { CsvError, type Options } from 'csv-parse';
import { AppError } from '../../runtime/errors.ts';
import type { CsvFormat } from './dialects/dialect.ts';

/** A record longer than this has a quote that was opened and not closed. */
const MAX_RECORD_BYTES = 1 << 18;

/** How csv-parse reads a format. */
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

/** What reading a CSV file has thrown, as an `AppError` that names where; `line` is the last one read. */
export function readError(cause: unknown, file: string, line: number): unknown {
  if (cause instanceof AppError) return cause;
  if (cause instanceof Error && cause.name === 'AbortError') {
    return stoppedReading(file, cause);
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

/** `CANCELLED`, before the file was read to its end. */
export function stoppedReading(file: string, cause?: unknown): AppError {
  const hint = 'Nothing was changed; start again when it suits.';
  return new AppError('CANCELLED', `Stopped while reading ${file}`, hint, { cause });
}
