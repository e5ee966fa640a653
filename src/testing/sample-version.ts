import type { Manifest } from '../contracts/manifest.ts';
import { CARD_BLOB, type ModelCard } from '../contracts/model-card.ts';
import type { Metrics } from '../contracts/metrics.ts';
import type { SimilarBook } from '../model/interest/similar.ts';
import type { RankedList } from '../model/ranked-list.ts';
import type {
  ListChoice,
  Prediction,
  Question,
  ReaderInput,
  Recommender,
} from '../model/recommender.ts';
import { type BookCounts, BOOK_COUNTS_BLOB, encodeBookCounts } from '../store/book-counts-codec.ts';
import { CATALOGUE_BLOB, decodeCatalogue, encodeCatalogue } from '../store/catalogue-codec.ts';
import { packColumns } from '../store/columns.ts';
import { MODEL_BLOB, MODEL_FORMAT, openModel } from '../store/model-codec.ts';
import type { ReaderRecord, Store } from '../store/store.ts';

/** Books of the sample: ISBNs with true check digits; the last one has no catalogue entry. */
export const SAMPLE_ISBNS = ['0195153448', '0002005018', '0060973129', '0374157065', '0393045218'];

const LISTED = 4;
const UNKNOWN_BOOK_MEAN = 6;
const LEVELS = Float64Array.from({ length: 10 }, (_, i) => i + 1);

/**
 * A model with one number a book; a rating shifts all books by its distance from the middle.
 * Small enough that tests can say what it must answer.
 */
export class SampleRecommender implements Recommender {
  readonly levels = LEVELS;
  readonly signals = ['readers', 'popularity', 'history', 'rating'];
  readonly unknownBook: number;
  readonly #means: readonly number[];

  constructor(means: readonly number[]) {
    this.#means = means;
    this.unknownBook = means.length;
  }

  labelsOf(): Uint32Array {
    return new Uint32Array();
  }

  recommend(
    reader: ReaderInput,
    topK: number,
    _choice?: ListChoice,
    allowed?: Uint8Array,
  ): RankedList {
    const seen = new Set([...reader.ratedBook, ...reader.unratedBook]);
    const books = this.#means
      .map((mean, book) => ({ book, mean }))
      .filter(({ book }) => book < LISTED && !seen.has(book) && allowed?.[book] !== 0)
      .sort((a, b) => b.mean - a.mean)
      .slice(0, topK);
    return listOf(
      books.map(({ book, mean }) => [book, mean + this.#shift(reader)] as const),
      reader.ratedBook.length,
    );
  }

  predict(reader: ReaderInput, books: Uint32Array): Prediction[] {
    return Array.from(books, (book) => {
      const mean = (this.#means[book] ?? UNKNOWN_BOOK_MEAN) + this.#shift(reader);
      return {
        mean,
        varReader: 1 / (1 + reader.ratedBook.length),
        varBook: book === this.unknownBook ? 1 : 0.25,
        varNoise: 1,
        levels: LEVELS.map(() => 1 / LEVELS.length),
        quantile: (p) => mean + (4 * (p - 0.5)) / Math.sqrt(1 + reader.ratedBook.length),
        atLeast: (t) => (mean >= t ? 1 : 0),
      };
    });
  }

  meanWidths(reader: ReaderInput): Float64Array {
    return Float64Array.from(
      { length: reader.ratedBook.length + 1 },
      (_, n) => 3.8 / Math.sqrt(1 + n),
    );
  }

  shares(reader: ReaderInput, books: Uint32Array): Float64Array[] {
    return Array.from(books, () => Float64Array.from(reader.ratedValue, (v) => (v - 5.5) / 10));
  }

  question(reader: ReaderInput, allowed?: Uint8Array): Question | null {
    const [book] = this.recommend(reader, 1, undefined, allowed).book;
    return book === undefined ? null : { book, interest: 0.05, before: 1, after: 0.75 };
  }

  similar(book: number, count: number): SimilarBook[] {
    return [0, 1, 2]
      .filter((other) => other !== book)
      .slice(0, count)
      .map((other) => ({ book: other, common: 9, similarity: 0.3, low: 0.2, high: 0.4 }));
  }

  #shift(reader: ReaderInput): number {
    const values = Array.from(reader.ratedValue);
    return values.reduce((sum, value) => sum + (value - 5.5) / 10, 0);
  }
}

/** A list of [book, mean]; the more ratings, the less the reader is unsure of. */
export function listOf(
  entries: ReadonlyArray<readonly [book: number, mean: number]>,
  ratings: number,
): RankedList {
  const fill = (value: number): Float32Array => new Float32Array(entries.length).fill(value);
  const mean = Float32Array.from(entries, ([, value]) => value);
  return {
    book: Uint32Array.from(entries, ([book]) => book),
    mean,
    low: mean.map((value) => Math.max(1, value - 3)),
    high: mean.map((value) => Math.min(10, value + 3)),
    sdReader: fill(1 / Math.sqrt(1 + ratings)),
    sdBook: fill(0.5),
    sdNoise: fill(1.25),
    interest: fill(0.05),
    signal: new Uint8Array(entries.length),
  };
}

const slices = { p50: 0.5, p80: 0.8, p90: 0.9, p95: 0.95 };
const accuracy = { rmse: 1.55, mae: 1.18 };
const ranking = {
  readers: 2,
  ndcg10: 0.1,
  recall20: 0.2,
  mrr: 0.1,
  catalogueCoverage: 0.3,
  novelty: 10,
};
const policies = { rating: ranking, interest: ranking, cautious: ranking, explore: ranking };
const interval = { value: -0.04, low: -0.05, high: -0.03 };

export const SAMPLE_METRICS: Metrics = {
  split: 'random',
  trainRows: 90,
  testRows: 10,
  model: {
    ...accuracy,
    dnll: 1.7,
    crps: 0.8,
    coverage: slices,
    pit: [],
    width95: 5.5,
    ranking,
    policies,
  },
  baselines: { globalMean: accuracy, bias: accuracy, popularity: ranking },
  differences: {
    rmseVsGlobalMean: interval,
    rmseVsBias: interval,
    maeVsBias: interval,
    ndcg10VsPopularity: null,
    recall20VsPopularity: null,
  },
  bySpread: [],
  byReaderRatings: [],
  byBookRatings: [],
  byActivity: [],
};

/** A manifest that fits the sample. */
export function sampleManifest(version: string, readers: number): Manifest {
  return {
    format: 1,
    version,
    createdAt: '2026-01-02T03:04:05.000Z',
    runId: `run-of-${version}`,
    contentHash: 'c0ffee',
    dataset: 'bookcrossing',
    counts: { readers, books: 5, listedBooks: LISTED, ratings: 100, interactions: 20 },
    scale: { levels: [...LEVELS] },
    model: { rank: 8, effectiveRank: 6.5, sweeps: 30, seed: 1, elbo: -1234.5, noiseSd: 1.3 },
    listLength: 3,
    policy: 'balanced',
    metrics: SAMPLE_METRICS,
    trainSeconds: 12.5,
  };
}

/** Reads what `publishSample` writes. */
export const sampleCodec = {
  catalogue: decodeCatalogue,
  model: (bytes: Uint8Array): Recommender => {
    return new SampleRecommender([...openModel(bytes).array('means', Float64Array)]);
  },
};

/** Record of a reader with one rated book and a list of the others. */
export function sampleRecord(means: readonly number[]): ReaderRecord {
  const entries = [0, 1, 2].map((book) => [book, means[book] ?? 0] as const);
  return {
    source: 'personal',
    list: listOf(entries, 3),
    labels: new Uint32Array(),
    ratedBook: Uint32Array.of(3),
    ratedValue: Float32Array.of(9),
    unratedBook: new Uint32Array(),
  };
}

/** Ratings of the sample: by book, how many gave an 8; the last book of all has most. */
const SAMPLE_RATINGS = [4, 30, 2, 1, 63];

/** Counts that fit the sample, without times. */
export function sampleCounts(): BookCounts {
  const byLevel = new Uint32Array(SAMPLE_RATINGS.length * LEVELS.length);
  for (const [book, count] of SAMPLE_RATINGS.entries()) byLevel[book * LEVELS.length + 7] = count;
  return { byLevel, recent: null };
}

/** What a published sample may differ in. */
interface SampleParts {
  /** Without counts if they are null. */
  readonly counts?: BookCounts | null;
  /** Number of the feedback that it read. */
  readonly feedback?: number;
  readonly card?: ModelCard;
  /** That of another release. */
  readonly format?: number;
}

/** Publishes a small version and makes it live; every reader in `ids` has a personal list. */
export async function publishSample(
  store: Store,
  version: string,
  ids: readonly string[],
  means: readonly number[] = [8.5, 8.25, 7.75, 7.5, 9],
  { counts = sampleCounts(), feedback, card, format }: SampleParts = {},
): Promise<void> {
  const writer = await store.begin(version);
  await writer.putReaders(ids.map((id) => [id, sampleRecord(means)] as const));
  await writer.putBlob(
    CATALOGUE_BLOB,
    encodeCatalogue({
      ids: SAMPLE_ISBNS,
      title: ['Classical Mythology', 'Clara "C" Callan', 'Decision in Normandy', 'Flu', ''],
      author: ['Mark P. O. Morford', 'Richard Bruce Wright', "Carlo D'Este", 'Gina Kolata', ''],
      publisher: ['Oxford', 'HarperFlamingo', 'HarperPerennial', 'Farrar', ''],
      year: Int16Array.of(2002, 2001, 1991, 0, 0),
      listed: Uint8Array.of(1, 1, 1, 1, 0),
    }),
  );
  if (counts !== null) await writer.putBlob(BOOK_COUNTS_BLOB, encodeBookCounts(counts));
  const model = { scalars: { format: format ?? MODEL_FORMAT }, means: Float64Array.from(means) };
  await writer.putBlob(MODEL_BLOB, packColumns(model));
  if (card !== undefined) await writer.putBlob(CARD_BLOB, Buffer.from(JSON.stringify(card)));
  const manifest = sampleManifest(version, ids.length);
  await writer.commit(feedback === undefined ? manifest : { ...manifest, feedback });
  await store.setLive(version);
}
