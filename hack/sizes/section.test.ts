import { describe, expect, it } from 'vitest';
import { type Measured, sizesSection } from './section.ts';

const MIB = 2 ** 20;
const SIZES = { readers: 1000, books: 500, rows: 9000, rank: 8, factors: 0, listLength: 50 };

/** Sizes with the memory that known costs make of them. */
function measured(change: Partial<typeof SIZES>): Measured {
  const of = { ...SIZES, ...change };
  const entries = (k: number): number => ((k + 1) * (k + 4)) / 2;
  const common = 700 * of.readers + 90 * of.books + 8 * of.rows + 17 * of.readers * of.listLength;
  const trained = 30 * (of.readers + of.books) * entries(of.factors > 0 ? of.rank : 0);
  const served = common / MIB + (4 * of.books * entries(of.factors)) / MIB;
  return {
    ...of,
    trainer: 200 + (common + trained) / MIB,
    redis: served,
    api: 100 + served,
  };
}

describe('the tables of sizes', () => {
  const section = sizesSection({
    first: measured({}),
    readers: measured({ readers: 4000, rows: 36_000 }),
    books: measured({ books: 5000 }),
    rows: measured({ rows: 36_000, factors: 5 }),
    rank: measured({ rows: 36_000, rank: 32, factors: 7 }),
    lists: measured({ listLength: 200 }),
    factors8: measured({ books: 5000, factors: 8 }),
    factors32: measured({ books: 5000, factors: 32 }),
    shipped: measured({ readers: 50_000, books: 60_000, rows: 300_000 }),
  });

  it('find the cost of each reader, row, book of a list, book and entry again', () => {
    const rows = section.split('\n').map((line) => line.split(' | ').map((cell) => cell.trim()));
    const costs = rows.slice(2, 5).map((cells) => cells.slice(1, 7));
    expect(costs).toEqual([
      ['200 MiB', '700', '8', '17', '90', '30.0'],
      ['0 MiB', '700', '8', '17', '90', '4.0'],
      ['100 MiB', '700', '8', '17', '90', '4.0'],
    ]);
  });

  it('compute for the shipped data what was measured', () => {
    const checks = [...section.matchAll(/([\d,]+) \(([\d,]+)\) \|$/gm)];
    expect(checks).toHaveLength(3);
    for (const [, computed, given] of checks) expect(computed).toBe(given);
  });
});
