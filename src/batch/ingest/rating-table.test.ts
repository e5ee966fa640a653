import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Findings } from './findings.ts';
import { RatingTable } from './rating-table.ts';
import { RowNotes } from './row-notes.ts';

const READERS = 4;
const BOOKS = 4;

const row = fc.record({
  reader: fc.nat(READERS - 1),
  book: fc.nat(BOOKS - 1),
  value: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 1, max: 10 })),
  time: fc.constant(Number.NaN),
});

describe('RatingTable', () => {
  it('keeps of each pair its last rating, or one interaction where it has none', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const findings = new Findings();
        const table = new RatingTable();
        rows.forEach((each, i) => {
          table.add(each, i + 2, `raw ${i}`);
        });
        const { ratings, interactions, rawBookId } = table.finish(
          READERS,
          BOOKS,
          new RowNotes('f', findings),
        );

        const lastRating = new Map<string, number>();
        const met = new Set<string>();
        rows.forEach(({ reader, book, value }, i) => {
          met.add(`${reader} ${book}`);
          if (!Number.isNaN(value)) lastRating.set(`${reader} ${book}`, i);
        });
        const kept = [...lastRating.values()].sort((a, b) => a - b);
        expect([...ratings.value]).toEqual(kept.map((i) => rows[i]?.value));
        expect([...ratings.reader]).toEqual(kept.map((i) => rows[i]?.reader));
        expect([...ratings.book]).toEqual(kept.map((i) => rows[i]?.book));
        expect([...rawBookId.values()]).toEqual(kept.map((i) => `raw ${i}`));
        const pairs = [...interactions.reader].map((n, i) => `${n} ${interactions.book[i] ?? ''}`);
        const unrated = [...met].filter((pair) => !lastRating.has(pair));
        expect(pairs.toSorted()).toEqual(unrated.toSorted());
        const dropped = findings.list().reduce((sum, { count }) => sum + count, 0);
        expect(dropped + kept.length + pairs.length).toBe(rows.length);
      }),
    );
  });
});
