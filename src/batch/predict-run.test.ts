import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../model/random.ts';
import { CATALOGUE_BLOB, encodeCatalogue } from '../store/catalogue-codec.ts';
import { encodeModel, MODEL_BLOB, versionCodec } from '../store/model-codec.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { randomModel } from '../testing/random-model.ts';
import {
  publishSample,
  SAMPLE_ISBNS,
  sampleCodec,
  sampleManifest,
} from '../testing/sample-version.ts';
import { predictPairs, type PredictSummary, type VersionCodec } from './predict-run.ts';

const dir = mkdtempSync(join(tmpdir(), 'bookrec-predict-'));
let store: Store;

beforeAll(async () => {
  store = await openStore(`lmdb:${join(dir, 'store')}`);
  await publishSample(store, 'sample', ['8', 'a, b'], [8.5, 8.25, 7.75, 7.5, 9]);
});

afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

type Row = Record<string, string>;

interface Predicted {
  readonly text: string;
  readonly rows: readonly Row[];
  readonly writes: number;
  readonly summary: PredictSummary;
}

async function* each(pairs: ReadonlyArray<readonly [user: string, item: string]>) {
  for (const [user, item] of pairs) yield { user, item };
}

async function predicted(
  pairs: ReadonlyArray<readonly [user: string, item: string]>,
  version = 'sample',
  codec: VersionCodec = sampleCodec,
): Promise<Predicted> {
  let text = '';
  let writes = 0;
  const write = async (lines: string): Promise<void> => {
    text += lines;
    writes++;
  };
  const summary = await predictPairs({ store, version, pairs: each(pairs), write, codec });
  const rows = parse<Row>(text, { columns: true });
  return { text, rows, writes, summary };
}

describe('predictPairs', () => {
  it('writes mean, spread by cause and quantiles of a pair', async () => {
    const { text } = await predicted([['8', '0195153448']]);
    // A mean of 8.5, moved by 0.35 for the one rating of 9, which narrows the quantiles too.
    expect(text).toBe(
      'user,item,mean,sd,sd_reader,sd_book,sd_noise,q025,q25,q50,q75,q975\n' +
        '8,0195153448,8.8500,1.3229,0.7071,0.5000,1.0000,7.5065,8.1429,8.8500,9.5571,10.1935\n',
    );
  });

  it('predicts every pair, known or not, and counts those that are not', async () => {
    const { rows, summary } = await predicted([
      ['nobody', '0002005018'],
      ['8', 'no such book'],
      ['nobody', 'no such book'],
      ['nobody', '0060973129'],
    ]);
    expect(rows.map((row) => [row['mean'], row['sd_reader'], row['sd_book']])).toEqual([
      ['8.2500', '1.0000', '0.5000'],
      ['6.3500', '0.7071', '1.0000'],
      ['6.0000', '1.0000', '1.0000'],
      ['7.7500', '1.0000', '0.5000'],
    ]);
    expect(summary).toEqual({ pairs: 4, unknownReaders: 3, unknownBooks: 2 });
  });

  it('finds a book by any spelling of its ISBN and gives ids back as they came', async () => {
    const pairs = [
      ['a, b', '0-19-515344-8'],
      [' 8 ', '9780195153446'],
      ['"q"', ' 0195153448'],
      ['two\nlines', '195153448'],
      ['', ''],
    ] as const;
    const { rows, summary } = await predicted(pairs);
    expect(rows.map((row) => [row['user'], row['item']])).toEqual(pairs);
    expect(rows.slice(0, 2).map((row) => row['mean'])).toEqual(['8.8500', '8.8500']);
    expect(summary).toEqual({ pairs: 5, unknownReaders: 3, unknownBooks: 1 });
  });

  it('keeps the order over many batches, with the readers mixed', async () => {
    const pairs = Array.from({ length: 4100 }, (_, n) => {
      const user = n % 3 === 0 ? '8' : `r${n % 500}`;
      return [user, SAMPLE_ISBNS[(n * 7) % 5] ?? ''] as const;
    });
    const { rows, writes, summary } = await predicted(pairs);
    expect(rows.map((row) => [row['user'], row['item']])).toEqual(pairs);
    expect(rows.at(-1)).toEqual((await predicted(pairs.slice(-1))).rows[0]);
    expect(writes).toBeGreaterThan(2);
    expect(summary.pairs).toBe(4100);
  });

  it('writes the header alone where there is no pair', async () => {
    const { text, summary } = await predicted([]);
    expect(text).toMatch(/^user,item,mean,.*,q975\n$/);
    expect(summary.pairs).toBe(0);
  });

  it('refuses a version without a model', async () => {
    await expect(predicted([['8', 'x']], 'none')).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: 'version none has no catalogue',
    });
  });

  it('answers with a trained model for a book that it does not have from the last of its own', async () => {
    const model = randomModel(seededRandom(5), 3, SAMPLE_ISBNS.length + 1);
    const writer = await store.begin('trained');
    const texts = SAMPLE_ISBNS.map(() => '');
    const catalogue = encodeCatalogue({
      ids: SAMPLE_ISBNS,
      title: texts,
      author: texts,
      publisher: texts,
      year: new Int16Array(texts.length),
      listed: new Uint8Array(texts.length).fill(1),
    });
    await writer.putBlob(CATALOGUE_BLOB, catalogue);
    await writer.putBlob(MODEL_BLOB, encodeModel(model));
    await writer.commit(sampleManifest('trained', 0));
    const items = [...SAMPLE_ISBNS, 'no such book', 'another'];
    const { rows } = await predicted(
      items.map((item) => ['nobody', item] as const),
      'trained',
      versionCodec,
    );
    const numbers = rows.map(({ user: _user, item: _item, ...figures }) => figures);
    expect(numbers[5]).toEqual(numbers[6]);
    for (const known of numbers.slice(0, 5)) expect(known).not.toEqual(numbers[5]);
    for (const row of numbers.map((figures) => Object.values(figures).map(Number))) {
      const [, sd = 0, reader = 0, book = 0, noise = 0, ...quantiles] = row;
      expect(sd).toBeCloseTo(Math.hypot(reader, book, noise), 3);
      expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
      expect(quantiles.every((q) => q >= 1 && q <= 10)).toBe(true);
    }
  });
});
