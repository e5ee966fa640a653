/**
 * Measures the memory of trainer, store and API over generated data, where each case differs from the first in one
 * respect, and checks what follows from that against the shipped data. Writes the tables into docs/operations.md.
 *
 *     --quick    cases of a fiftieth of the size, printed and not written
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectFolder } from '../src/runtime/environment.ts';
import { between } from './bench/page.ts';
import { measureCase, measureWith } from './sizes/measure.ts';
import { type Case, type Measured, sizesSection } from './sizes/section.ts';

const PAGE = 'docs/operations.md';

const FIRST: Case = { readers: 50_000, books: 10_000, rowsPerReader: 12, rank: 8, listLength: 50 };

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const share = values.quick ? 1 / 50 : 1;
const scaled = (change: Partial<Case>): Case => {
  const { readers, books, ...rest } = { ...FIRST, ...change };
  return { ...rest, readers: readers * share, books: books * share };
};

process.chdir(projectFolder);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'bookrec-sizes-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

/** Measures a case in a folder of its own. */
async function measured<T>(name: string, each: Case | null, more: (url: string) => Promise<T>) {
  process.stderr.write(`sizes: ${name}\n`);
  const own = join(folder, name);
  mkdirSync(own);
  return measureCase(each, own, more);
}

async function trained(name: string, each: Case | null): Promise<Measured> {
  return (await measured(name, each, () => Promise.resolve())).trained;
}

const books = await measured('books', scaled({ books: 100_000 }), async (url) => ({
  factors8: await measureWith(8, url),
  factors32: await measureWith(32, url),
}));
const section = sizesSection({
  first: await trained('first', scaled({})),
  readers: await trained('readers', scaled({ readers: 200_000 })),
  books: books.trained,
  rows: await trained('rows', scaled({ rowsPerReader: 48 })),
  rank: await trained('rank', scaled({ rowsPerReader: 48, rank: 32 })),
  lists: await trained('lists', scaled({ listLength: 200 })),
  ...books.more,
  shipped: await trained('shipped', null),
});
process.stdout.write(`${section}\n`);
if (!values.quick) {
  writeFileSync(PAGE, between(readFileSync(PAGE, 'utf8'), 'sizes', section));
  process.stderr.write(`sizes: wrote the tables in ${PAGE}\n`);
}
