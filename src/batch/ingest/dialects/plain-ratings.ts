import { parseNumber, type DatasetBuilder } from '../dataset-builder.ts';
import type { RowNotes } from '../row-notes.ts';
import type { RowReader } from './dialect.ts';

/** Names of the columns of a ratings file; `time` may be absent from the file. */
export interface RatingNames {
  readonly reader: string;
  readonly book: string;
  readonly rating: string;
  readonly time: string;
  /** What a row without a rating is: an interaction, or a bad row. */
  readonly empty: 'interaction' | 'bad';
}

/** Seconds since 1970 from a number of seconds or an ISO date, or null where it is neither. */
function parseTime(text: string): number | null {
  const seconds = parseNumber(text);
  if (seconds !== null) return seconds;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  return Number.isNaN(time) ? null : time / 1000;
}

/** Rating of a row, NaN for an interaction, null (noted as bad) where it is neither. */
function ratingOf(text: string, column: number, empty: string, notes: RowNotes): number | null {
  const value = parseNumber(text);
  if (value !== null) return value;
  if (text.trim() === '' && empty === 'interaction') return Number.NaN;
  notes.bad('rating-not-a-number', column, text);
  return null;
}

/** Reads rows of ratings with optional timestamps. */
export function bindPlainRatings(
  names: RatingNames,
  columns: readonly string[],
  build: DatasetBuilder,
): RowReader {
  const ratingAt = columns.indexOf(names.rating);
  const timeAt = columns.indexOf(names.time);
  const places = [columns.indexOf(names.reader), columns.indexOf(names.book), ratingAt] as const;
  return (fields, notes) => {
    if (fields.length !== columns.length) {
      const last = Math.min(fields.length, columns.length) - 1;
      notes.bad('wrong-number-of-fields', last, fields.join(' '));
      return;
    }
    const value = ratingOf(fields[ratingAt] ?? '', ratingAt, names.empty, notes);
    if (value === null) return;
    const time = timeAt < 0 ? Number.NaN : parseTime(fields[timeAt] ?? '');
    if (time === null) notes.bad('bad-timestamp', timeAt, fields[timeAt] ?? '');
    else build.rate(fields, places, value, time, notes);
  };
}
