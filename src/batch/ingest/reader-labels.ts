import { ageBand } from '../../model/age-band.ts';
import { countryLabel, stateLabel } from '../../model/country-label.ts';
import { type DatasetBuilder, ERASED } from './dataset-builder.ts';
import { cleanText } from './decode-text.ts';
import type { RowNotes } from './row-notes.ts';

/** Adds country and state of a location written as "town, state, country". */
export function addLocationLabels(
  build: DatasetBuilder,
  reader: number,
  location: string,
  notes: RowNotes,
): void {
  const parts = cleanText(location, notes).split(',');
  const country = countryLabel(parts.at(-1) ?? '');
  if (country === null) {
    if (location.trim() !== '') notes.unknown('country-missing', location);
    return;
  }
  build.readerFamilies.family('country').add(reader, country);
  const state = parts.length > 2 ? stateLabel(parts.at(-2) ?? '', country) : null;
  if (state !== null) build.readerFamilies.family('state').add(reader, state);
}

/** Adds the band of an age; stray quotes are taken off, `NULL` and nothing are unknown. */
export function addAgeLabel(
  build: DatasetBuilder,
  reader: number,
  text: string,
  notes: RowNotes,
): void {
  const trimmed = text.replace(/["\\]/g, '').trim();
  if (trimmed === '' || trimmed.toUpperCase() === 'NULL') return;
  if (trimmed !== text.trim()) notes.repaired('stray-quote', text);
  const age = Number(trimmed);
  const band = ageBand(age);
  if (band !== null) build.readerFamilies.family('age').add(reader, band);
  else notes.unknown(Number.isNaN(age) ? 'age-not-a-number' : 'impossible-age', text);
}

/** Index of a reader whose row is read for the first time, or null where it is bad or a repeat. */
export function newReader(
  build: DatasetBuilder,
  bytes: string,
  column: number,
  notes: RowNotes,
): number | null {
  const before = build.readers.length;
  const reader = build.reader(bytes);
  if (reader === null) notes.bad('missing-reader-id', column, bytes);
  else if (reader === ERASED) notes.setAside('erased-reader', '');
  else if (reader < before) notes.setAside('duplicate-reader', build.readers.ids[reader] ?? '');
  else return reader;
  return null;
}
