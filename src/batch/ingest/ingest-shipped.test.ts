import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataReportSchema, type DataReport } from '../../contracts/data-report.ts';
import type { Dataset } from './dataset.ts';
import { formatReport } from './format-report.ts';
import { ingest } from './ingest.ts';

const dir = fileURLToPath(new URL('../../../data/bookcrossing', import.meta.url));

let dataset: Dataset;
let report: DataReport;

beforeAll(async () => {
  ({ dataset, report } = await ingest({ dir, scale: null }));
}, 60_000);

const finding = (kind: string): number | undefined =>
  report.findings.find((found) => found.kind === kind)?.count;

const bookIndex = (id: string): number => dataset.books.ids.indexOf(id);

describe('the shipped BookCrossing data', () => {
  it('keeps every reader, rating and interaction', () => {
    expect(report.files.map(({ role, rows, badRows }) => [role, rows, badRows])).toEqual([
      ['books', 27_732, 0],
      ['readers', 48_887, 0],
      ['ratings', 315_688, 0],
    ]);
    expect(report.counts).toMatchObject({
      readers: 52_768,
      ratings: 250_484,
      interactions: 65_204,
      catalogueRows: 27_732,
    });
  });

  it('accounts for each spelling of a book: 67,165 of them are 67,114 books', () => {
    // One catalogue row says x for X; 50 more spellings in the ratings have lost a leading zero.
    expect(report.counts.books).toBe(67_165 - 51);
    expect(report.counts.listedBooks).toBe(27_732 - 1);
    expect(finding('duplicate-book')).toBe(1);
    expect(bookIndex('039592720X')).toBeGreaterThanOrEqual(0);
    expect(bookIndex('039592720x')).toBe(-1);
    expect(dataset.books.title[bookIndex('039592720X')]).toBe('Interpreter of Maladies');
  });

  it('keeps the spelling of the file beside a rating', () => {
    const raw = new Set(dataset.rawBookId.values());
    expect(raw).toContain('039592720x');
    for (const [row, spelling] of dataset.rawBookId) {
      expect(spelling).not.toBe(dataset.books.ids[dataset.ratings.book[row] ?? -1]);
    }
  });

  it.each([
    { id: '0003300277', want: 'Cascades - "Fahrenheit 451" (Collins Cascades)' },
    { id: '0007122039', want: `"Girls' Night Out"/"Boys' Night In"` },
    { id: '0030018897', want: '"B" is for burglar (A Kinsey Millhone mystery)' },
    { id: '0060951303', want: 'La casa de los espíritus' },
  ])('repairs the title of $id', ({ id, want }) => {
    expect(dataset.books.title[bookIndex(id)]).toBe(want);
  });

  it('leaves no escape, entity or broken encoding in what is shown', () => {
    const { title, author, publisher } = dataset.books;
    const broken = [title, author, publisher]
      .flat()
      .filter((text) => /\\|&amp;|Ã.Â|Â[\u0080-\u00bf]|\s{2}/.test(text));
    expect(broken).toEqual([]);
  });

  it('takes impossible years as unknown', () => {
    expect(finding('year-0')).toBe(512);
    expect(finding('impossible-year')).toBe(5);
    expect(Math.max(...dataset.books.year)).toBe(2005);
  });

  it('has the families of both sides as valid sparse rows', () => {
    const sides = [dataset.readers, dataset.books];
    expect(sides.map((side) => side.families.map((family) => family.name).sort())).toEqual([
      ['age', 'country', 'state'],
      ['author', 'decade', 'imprint', 'publisher', 'series', 'work', 'year', 'years5'],
    ]);
    for (const { ids, families } of sides) {
      for (const { offsets, indices, labels } of families) {
        expect(offsets).toHaveLength(ids.length + 1);
        expect(offsets[ids.length]).toBe(indices.length);
        expect(indices.every((label) => label >= 0 && label < labels.length)).toBe(true);
        expect(new Set(labels).size).toBe(labels.length);
      }
    }
  });

  it('knows the imprint of nearly every book, with a catalogue entry or without', () => {
    const imprint = dataset.books.families.find(({ name }) => name === 'imprint');
    const { offsets = new Int32Array(), labels = [] } = imprint ?? {};
    const unlisted = [...dataset.books.listed.keys()].filter((m) => dataset.books.listed[m] === 0);
    const known = unlisted.filter((m) => (offsets[m + 1] ?? 0) > (offsets[m] ?? 0));
    expect(unlisted).toHaveLength(39_383);
    expect(known.length / unlisted.length).toBeGreaterThan(0.9);
    expect(labels).toContain('0-440');
  });

  it('reads the same data to the same hash', async () => {
    const again = await ingest({ dir, scale: null });
    expect(again.dataset.contentHash).toBe(dataset.contentHash);
  }, 60_000);

  it('reports in JSON that fits the schema and in readable text', () => {
    expect(dataReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const text = formatReport(report);
    expect(text).toContain('Readers: 52,768');
    expect(text).toContain('27,731 listed, 1 named twice');
    expect(text).toContain('BX-Books.csv.gz:9145: 039592720X');
  });
});
