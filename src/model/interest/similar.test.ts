import { expect, it } from 'vitest';
import { randomModel } from '../../testing/random-model.ts';
import { seededRandom } from '../random.ts';
import { similarBooks } from './similar.ts';

const { interest } = randomModel(seededRandom(3), 0, 6);

/** Book 0 is tied to 1, 2, ...: readers of both, and of each. */
function neighbours(common: number[], popularity: number[], edition = [0, 1, 2, 3, 4, 5]) {
  const ties = {
    start: Int32Array.of(0, common.length, ...Array<number>(5).fill(common.length)),
    book: Int32Array.from(common.keys(), (n) => n + 1),
    strength: new Float32Array(common.length),
    common: Uint32Array.from(common),
  };
  const works = { ...interest.works, edition: Int32Array.from(edition) };
  return similarBooks({ ...interest, ties, works, popularity: Int32Array.from(popularity) }, 0, 9);
}

it('puts a book of many readers in common before one of which four readers are all there is', () => {
  const found = neighbours([4, 120], [400, 4, 400]) ?? [];
  expect(found.map(({ book }) => book)).toEqual([2, 1]);
  const [many, few] = found;
  expect(many).toMatchObject({ common: 120, similarity: 0.3 });
  expect(few.high - few.low).toBeGreaterThan(2 * (many.high - many.low));
  for (const { low, similarity, high } of found) {
    expect(low).toBeLessThan(similarity);
    expect(high).toBeGreaterThan(similarity);
  }
});

it('names each work once, and never that of the book', () => {
  const found = neighbours([50, 40, 30, 20], [100, 100, 100, 100, 100], [0, 0, 2, 2, 4, 5]) ?? [];
  expect(found.map(({ book }) => book)).toEqual([2, 4]);
});

it('is not known of models that were made without the readers in common', () => {
  const ties = { ...interest.ties, common: null };
  expect(similarBooks({ ...interest, ties }, 0, 5)).toBeNull();
});
