import { describe, expect, it } from 'vitest';
import { ModelRecommender } from '../model/model-recommender.ts';
import { seededRandom } from '../model/random.ts';
import { randomInput, randomModel } from '../testing/random-model.ts';
import { packColumns, unpackColumns } from './columns.ts';
import { decodeModel, encodeModel, isReadable, versionCodec } from './model-codec.ts';

const BOOKS = 80;

describe.each([0, 3])('a stored model of rank %d', (rank) => {
  const random = seededRandom(31);
  const model = randomModel(random, rank, BOOKS);
  const bytes = encodeModel(model);

  it('answers as it did before', () => {
    const before = new ModelRecommender(model);
    const after = versionCodec.model(bytes);
    const books = Uint32Array.from({ length: BOOKS }, (_, book) => book);
    for (const rated of [0, 1, 20]) {
      const input = randomInput(random, BOOKS, rated, 5);
      const met = new Set(input.ratedBook);
      const asked = books.filter((book) => !met.has(book));
      const want = before.predict(input, asked);
      after.predict(input, asked).forEach((got, n) => {
        const { mean, varReader, varBook, varNoise } = want[n] ?? got;
        expect(got.mean).toBeCloseTo(mean, 4);
        expect(got.varReader).toBeCloseTo(varReader, 4);
        expect(got.varBook).toBeCloseTo(varBook, 4);
        expect(got.varNoise).toBeCloseTo(varNoise, 4);
        expect(got.quantile(0.9)).toBeCloseTo(want[n]?.quantile(0.9) ?? NaN, 3);
      });
      expect(after.recommend(input, 10).book).toEqual(before.recommend(input, 10).book);
    }
  });

  it('keeps labels, levels and what may be listed', () => {
    const after = decodeModel(bytes);
    expect(after.readerPrior.families).toEqual(model.readerPrior.families);
    expect(after.books.labels.families).toEqual(model.books.labels.families);
    expect(after.levelMap).toEqual(model.levelMap);
    expect(after.listed).toEqual(model.listed);
  });

  it('keeps the edges of the cells of latent ratings', () => {
    const edges = model.levelMap.levels.slice(1).map((level) => level - 0.4);
    const latent = { ...model, levelMap: { ...model.levelMap, edges } };
    expect(decodeModel(encodeModel(latent)).levelMap).toEqual(latent.levelMap);
  });

  it('of another release is called that', () => {
    const columns = unpackColumns(bytes);
    const scalars = columns.json('scalars') as Record<string, number>;
    const { dim = 0 } = scalars;
    for (const other of [{ dim }, { ...scalars, format: 1 }, { ...scalars, format: 99 }]) {
      const foreign = packColumns({ scalars: other });
      expect(() => decodeModel(foreign)).toThrow(
        expect.objectContaining({ code: 'VERSION_FOREIGN' }),
      );
      expect(isReadable(foreign)).toBe(false);
    }
    expect(isReadable(bytes)).toBe(true);
    expect(isReadable(Buffer.from('nonsense'))).toBe(false);
  });

  it('is the same bytes when encoded again', () => {
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });
});
