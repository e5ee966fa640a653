import type { FamilyBuilder } from './family-builder.ts';

/** Kinds of columns of the generic format; `id` and `text` give no labels. */
export const COLUMN_KINDS = ['id', 'text', 'category', 'multi', 'number'] as const;

export type ColumnKind = (typeof COLUMN_KINDS)[number];

/** A value of a column with the reader or book that has it. */
export type ColumnValue = readonly [entity: number, text: string];

const MISSING = new Set(['', 'null', 'na', 'n/a', 'nan']);

/** Number columns are cut into this many bins of about equal size. */
const BINS = 8;

/** A column of numbers with no more different values than this is a category. */
const MAX_NUMBER_CATEGORIES = 12;

/** A column of words with more different values than this, most of them unique, is text. */
const MAX_WORD_CATEGORIES = 20;

/**
 * Kind of a column that does not name it: `multi` if a value has a bar; `number` if all are
 * numbers, of more than 12 kinds; `text` if more than 20 values differ and they are more than half
 * of all; else `category`.
 */
function inferKind(values: readonly ColumnValue[]): ColumnKind {
  const different = new Set(values.map(([, text]) => text));
  if (values.some(([, text]) => text.includes('|'))) return 'multi';
  if (values.every(([, text]) => Number.isFinite(Number(text)))) {
    return different.size > MAX_NUMBER_CATEGORIES ? 'number' : 'category';
  }
  const isText = different.size > MAX_WORD_CATEGORIES && different.size > values.length / 2;
  return isText ? 'text' : 'category';
}

/** Labels q1, q2, ... of numbers by quantile; equal numbers share a bin. */
function addBins(values: readonly ColumnValue[], family: FamilyBuilder): void {
  const numbers = values
    .map(([entity, text]) => [entity, Number(text)] as const)
    .filter(([, number]) => Number.isFinite(number));
  const sorted = Float64Array.from(numbers, ([, number]) => number).sort();
  const cuts = Array.from({ length: BINS - 1 }, (_, i) =>
    sorted.at(Math.floor(((i + 1) * sorted.length) / BINS)),
  );
  const distinct = [...new Set(cuts)].filter((cut) => cut !== undefined && cut > (sorted[0] ?? 0));
  for (const [entity, number] of numbers) {
    const bin = distinct.filter((cut) => cut !== undefined && cut <= number).length;
    family.add(entity, `q${bin + 1}`);
  }
}

/** Adds the labels of a whole column to its family. */
export function addColumn(
  given: readonly ColumnValue[],
  kind: ColumnKind | null,
  family: FamilyBuilder,
): void {
  const values = given.filter(([, text]) => !MISSING.has(text.toLowerCase()));
  switch (kind ?? inferKind(values)) {
    case 'number':
      addBins(values, family);
      break;
    case 'category':
      for (const [entity, text] of values) family.add(entity, text.toLowerCase());
      break;
    case 'multi':
      for (const [entity, text] of values) {
        const labels = text.split('|').map((label) => label.trim().toLowerCase());
        for (const label of new Set(labels)) if (label !== '') family.add(entity, label);
      }
      break;
    case 'id':
    case 'text':
  }
}
