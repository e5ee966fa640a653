import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallDataset, type Entry } from '../../testing/small-dataset.ts';
import { splitRows, type SplitKind } from './split.ts';

const entries: Entry[] = Array.from({ length: 600 }, (_, n) => [
  `reader ${n % 40}`,
  `book ${(n * 7) % 150}`,
  1 + (n % 10),
]);
const data = smallDataset(entries, { timestamps: entries.map((_, n) => (n * 13) % 50) });
const { reader, book } = data.ratings;

/** The definition of docs/metrics.md, written out. */
function isTest(text: string, fraction: number): boolean {
  const digest = createHash('sha256').update(text, 'utf8').digest();
  return digest.readUInt32BE(0) < fraction * 2 ** 32;
}

describe('splitRows', () => {
  it('puts a row into the test set by the published hash', () => {
    const { test } = splitRows(data, { kind: 'random', seed: 7, fraction: 0.3 });
    const want = entries.flatMap(([user, item], row) =>
      isTest(`7:${user}:${item}`, 0.3) ? [row] : [],
    );
    expect([...test]).toEqual(want);
    expect(want.length).toBeGreaterThan(100);
  });

  it("hashes the book's id as it stands in the file", () => {
    const spelled = { ...data, rawBookId: new Map([[3, 'book-3-other']]) };
    for (let seed = 0; seed < 20; seed++) {
      const { test } = splitRows(spelled, { kind: 'random', seed, fraction: 0.5 });
      expect(test.includes(3)).toBe(isTest(`${seed}:reader 3:book-3-other`, 0.5));
    }
  });

  it.each([
    { kind: 'leave-cold-readers' as const, entity: reader, ids: data.readers.ids },
    { kind: 'leave-cold-books' as const, entity: book, ids: data.books.ids },
  ])('$kind holds all rows out or none', ({ kind, entity, ids }) => {
    const { train, test } = splitRows(data, { kind, seed: 2, fraction: 0.25 });
    for (const row of test) expect(isTest(`2:${ids[entity[row]]}`, 0.25)).toBe(true);
    for (const row of train) expect(isTest(`2:${ids[entity[row]]}`, 0.25)).toBe(false);
    expect(test.length).toBeGreaterThan(0);
  });

  it('holds the newest ratings out, the later row where times are equal', () => {
    const times = smallDataset(
      [0, 1, 2, 3, 4].map((n): Entry => ['a', `book ${n}`, 5]),
      { timestamps: [30, 10, 30, 20, 30] },
    );
    const { train, test } = splitRows(times, { kind: 'temporal', seed: 1, fraction: 0.4 });
    expect([...test]).toEqual([2, 4]);
    expect([...train]).toEqual([0, 1, 3]);
  });

  it('says what to do where a temporal split has no times', () => {
    const timeless = { ...data, timestamps: null };
    expect(() => splitRows(timeless, { kind: 'temporal', seed: 1, fraction: 0.1 })).toThrow(
      expect.objectContaining({
        code: 'BAD_SETTINGS',
        hint: 'Choose another split, such as random.',
      }),
    );
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses the share %s', (fraction) => {
    expect(() => splitRows(data, { kind: 'random', seed: 1, fraction })).toThrow(
      expect.objectContaining({ code: 'BAD_SETTINGS' }),
    );
  });

  it('puts every row into one of the two, in order', () => {
    const kinds: SplitKind[] = ['random', 'leave-cold-readers', 'leave-cold-books', 'temporal'];
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.nat(), share, (kind, seed, fraction) => {
        const { train, test } = splitRows(data, { kind, seed, fraction });
        expect(Int32Array.from([...train, ...test]).sort()).toEqual(Int32Array.from(reader.keys()));
        expect(train).toEqual(train.toSorted());
        expect(test).toEqual(test.toSorted());
      }),
      { numRuns: 30 },
    );
  });

  it('holds out more when the share grows, and nothing else', () => {
    const small = splitRows(data, { kind: 'random', seed: 3, fraction: 0.1 }).test;
    const large = new Set(splitRows(data, { kind: 'random', seed: 3, fraction: 0.2 }).test);
    expect([...small].every((row) => large.has(row))).toBe(true);
  });
});
