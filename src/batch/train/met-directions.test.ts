import { describe, expect, it } from 'vitest';
import { along } from '../../model/directions.ts';
import { seededRandom } from '../../model/random.ts';
import { type Entry, smallDataset } from '../../testing/small-dataset.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { meetingsOf, metDirections } from './met-directions.ts';

const BOOKS = 60;
const random = seededRandom(3);

/** Readers of two kinds who meet a third of the books of their kind, every second one without a rating. */
const entries = Array.from({ length: 80 }, (_, u) => u).flatMap((u) =>
  Array.from({ length: BOOKS }, (_, i) => i)
    .filter((i) => i % 2 === u % 2 && random() < 0.33)
    .map((i): Entry => (i % 4 < 2 ? [`u${u}`, `b${i}`, 1 + ((u + i) % 10)] : [`u${u}`, `b${i}`])),
);
const dataset = smallDataset(entries);
const all = Int32Array.from(dataset.ratings.value.keys());

const directionsOf = (data: Dataset, rows: Int32Array) => metDirections(meetingsOf(data, rows));

describe('the directions of who met what', () => {
  const directions = directionsOf(dataset, all);

  it('bring together the books that the same readers met, rated or not, and keep the others apart', () => {
    const kind = dataset.books.ids.map((id) => Number(id.slice(1)) % 2);
    const mean = { same: 0, other: 0 };
    for (let i = 0; i < BOOKS; i++) {
      expect(along(directions, i, i)).toBeCloseTo(1, 6);
      for (let j = 0; j < BOOKS; j++) {
        if (i !== j) mean[kind[i] === kind[j] ? 'same' : 'other'] += along(directions, i, j);
      }
    }
    expect(mean.same / (BOOKS * (BOOKS / 2 - 1))).toBeGreaterThan(0.2);
    expect(Math.abs(mean.other / (BOOKS * (BOOKS / 2)))).toBeLessThan(0.05);
  });

  it('do not see the rows that are held out', () => {
    const rows = all.filter((row) => row % 10 !== 0);
    const { reader, book, value } = dataset.ratings;
    const ratings = {
      reader: rows.map((row) => reader[row]),
      book: rows.map((row) => book[row]),
      value: Float64Array.from(rows, (row) => value[row]),
    };
    const without = { ...dataset, ratings };
    expect(directionsOf(dataset, rows)).toEqual(
      directionsOf(
        without,
        rows.map((_, n) => n),
      ),
    );
    expect(directionsOf(dataset, rows)).not.toEqual(directions);
  });

  it('are zero for a book that nobody met', () => {
    const lone = smallDataset([
      ['ann', 'x', 8],
      ['bob', 'x', 7],
      ['bob', 'y', 3],
    ]);
    const { place, count } = directionsOf(lone, Int32Array.of(0, 1));
    expect(Array.from(place.subarray(count))).toEqual(new Array(count).fill(0));
    expect(directionsOf(lone, Int32Array.of()).count).toBe(0);
  });
});
