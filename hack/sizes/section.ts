import { table } from '../bench/page.ts';
import { number, type Rows } from '../bench/part.ts';

/** Generated data and how to train on them. */
export interface Case {
  readonly readers: number;
  readonly books: number;
  readonly rowsPerReader: number;
  readonly rank: number;
  readonly listLength: number;
}

/** A version's sizes, and the memory that it takes, MiB; null where that was not measured. */
export interface Measured {
  readonly readers: number;
  readonly books: number;
  /** Ratings and interactions. */
  readonly rows: number;
  readonly rank: number;
  /** Factors that the trained model uses. */
  readonly factors: number;
  readonly listLength: number;
  readonly trainer: number | null;
  readonly redis: number;
  readonly api: number;
}

/** The cases, by what they differ in from the first one; `rank` from `rows`, whose data show factors, and `factors` ones from `books`. */
export interface Cases {
  readonly first: Measured;
  readonly readers: Measured;
  readonly books: Measured;
  readonly rows: Measured;
  readonly rank: Measured;
  readonly lists: Measured;
  readonly factors8: Measured;
  readonly factors32: Measured;
  readonly shipped: Measured;
}

type Part = 'trainer' | 'redis' | 'api';

/** Bytes for each of these; the floor in MiB. */
interface Costs {
  readonly floor: number;
  readonly reader: number;
  readonly book: number;
  readonly row: number;
  readonly listed: number;
  /** For each reader and book while training, for each book where the model serves: see `entries`. */
  readonly entry: number;
}

const MIB = 2 ** 20;

/** Entries of a posterior with K factors: mean and covariance. */
const entries = (factors: number): number => ((factors + 1) * (factors + 4)) / 2;

/** How often each cost is to be paid. */
function amounts(part: Part, of: Measured): Omit<Costs, 'floor'> {
  const { readers, books, rows } = of;
  // where data show no factors, training starts without any
  const started = of.factors > 0 ? of.rank : 0;
  const entry =
    part === 'trainer' ? (readers + books) * entries(started) : books * entries(of.factors);
  return { reader: readers, book: books, row: rows, listed: readers * of.listLength, entry };
}

function costsOf(part: Part, cases: Cases): Costs {
  const bytes = (of: Measured): number => (of[part] ?? Number.NaN) * MIB;
  /** Bytes for each of what two cases differ in, after `known` costs. */
  const cost = (
    name: keyof Omit<Costs, 'floor'>,
    [less, more]: readonly [Measured, Measured],
    known: Partial<Costs> = {},
  ): number => {
    const [before, after] = [amounts(part, less), amounts(part, more)];
    const others = Object.entries(known) as Array<[keyof typeof before, number]>;
    const explained = others.reduce(
      (sum, [key, each]) => sum + each * (after[key] - before[key]),
      0,
    );
    // Less than nothing is noise of the collector's.
    return Math.max(0, (bytes(more) - bytes(less) - explained) / (after[name] - before[name]));
  };
  const { first } = cases;
  const entry = cost(
    'entry',
    part === 'trainer' ? [cases.rows, cases.rank] : [cases.factors8, cases.factors32],
  );
  const row = cost('row', [first, cases.rows], { entry });
  const listed = cost('listed', [first, cases.lists]);
  const reader = cost('reader', [first, cases.readers], { row, listed, entry });
  const book = cost('book', [first, cases.books], { entry });
  const known = { reader, book, row, listed, entry };
  // Where there is none, what was measured leaves a little to either side.
  return { ...known, floor: Math.max(0, (first[part] ?? Number.NaN) - sumOf(part, known, first)) };
}

/** MiB beside the floor. */
function sumOf(part: Part, costs: Omit<Costs, 'floor'>, of: Measured): number {
  const counts = amounts(part, of);
  const names = Object.keys(counts) as Array<keyof typeof counts>;
  return names.reduce((sum, name) => sum + costs[name] * counts[name], 0) / MIB;
}

const TITLES: Readonly<Record<Part, string>> = {
  trainer: 'trainer, peak',
  redis: 'store, one version (Redis)',
  api: 'API, after its start',
};

/** The tables of docs/operations.md: what was measured, and what follows for each reader, book and so on. */
export function sizesSection(cases: Cases): string {
  const parts = Object.keys(TITLES) as Part[];
  const formulas = parts.map((part) => {
    const costs = costsOf(part, cases);
    const said = costs.floor + sumOf(part, costs, cases.shipped);
    return [
      TITLES[part],
      `${number(costs.floor)} MiB`,
      ...[costs.reader, costs.row, costs.listed, costs.book].map((each) => number(each)),
      number(costs.entry, 1),
      `${number(said)} (${number(cases.shipped[part] ?? Number.NaN)})`,
    ];
  });
  const head = [
    'MiB',
    'at least',
    'bytes a reader',
    'a row',
    'a book of a list',
    'a book',
    'an entry',
  ];
  return [
    table([[...head, 'shipped data: so computed (measured)'], ...formulas]),
    'Measured:',
    table(measuredRows(cases)),
  ].join('\n\n');
}

function measuredRows(cases: Cases): Rows {
  const shown = (mib: number | null): string => (mib === null ? '' : number(mib));
  return [
    ['readers', 'books', 'rows', 'rank', 'factors used', 'list', 'trainer', 'Redis', 'API'],
    ...Object.values(cases).map((of: Measured) => [
      ...[of.readers, of.books, of.rows, of.rank, of.factors, of.listLength].map((n) => number(n)),
      ...[of.trainer, of.redis, of.api].map(shown),
    ]),
  ];
}
