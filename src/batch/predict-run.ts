import { stringify } from 'csv-stringify/sync';
import { canonicalBookId } from '../model/isbn.ts';
import {
  NOTHING_KNOWN,
  type Prediction,
  type ReaderInput,
  type Recommender,
} from '../model/recommender.ts';
import { AppError } from '../runtime/errors.ts';
import { CATALOGUE_BLOB, type Catalogue } from '../store/catalogue-codec.ts';
import { MODEL_BLOB, versionCodec } from '../store/model-codec.ts';
import type { Store } from '../store/store.ts';
import type { Pair } from './ingest/stream-pairs.ts';

export interface PredictOptions {
  readonly store: Store;
  readonly version: string;
  readonly pairs: AsyncIterable<Pair>;
  /** Takes CSV lines; resolves when there is room for more. */
  readonly write: (lines: string) => Promise<void>;
  readonly codec?: VersionCodec;
}

/** Reads the blobs that a version predicts from. */
export interface VersionCodec {
  catalogue(bytes: Uint8Array): Catalogue;
  model(bytes: Uint8Array): Recommender;
}

/** Counts of pairs: all, and those whose reader or book the version does not have. */
export interface PredictSummary {
  readonly pairs: number;
  readonly unknownReaders: number;
  readonly unknownBooks: number;
}

/** Pairs in memory at once; the pairs of one reader among them are predicted together. */
const BATCH = 2000;

const QUANTILES = [0.025, 0.25, 0.5, 0.75, 0.975];

const HEADER = 'user,item,mean,sd,sd_reader,sd_book,sd_noise,q025,q25,q50,q75,q975\n';

/**
 * Writes a CSV line with the predictive distribution of each pair, in their order. A reader or a book
 * that the version does not have is predicted from the prior. Throws `STORE_CORRUPT` and what the
 * store, `pairs` and `write` throw.
 */
export async function predictPairs(options: PredictOptions): Promise<PredictSummary> {
  const { store, version, pairs, write, codec = versionCodec } = options;
  const catalogue = codec.catalogue(await blobOf(store, version, CATALOGUE_BLOB));
  const model = codec.model(await blobOf(store, version, MODEL_BLOB));
  const predictor = new PairPredictor(options, catalogue, model);
  await write(HEADER);
  for await (const batch of batchesOf(pairs)) {
    await write(stringify(await predictor.rows(batch)));
  }
  return predictor.summary;
}

class PairPredictor {
  readonly summary = { pairs: 0, unknownReaders: 0, unknownBooks: 0 };
  readonly #options: PredictOptions;
  readonly #recommender: Recommender;
  readonly #bookIndex: ReadonlyMap<string, number>;

  constructor(options: PredictOptions, catalogue: Catalogue, recommender: Recommender) {
    this.#options = options;
    this.#recommender = recommender;
    this.#bookIndex = new Map(catalogue.ids.map((id, index) => [id, index]));
  }

  /** One row of text a pair. */
  async rows(batch: readonly Pair[]): Promise<string[][]> {
    const byUser = Map.groupBy(batch.entries(), ([, { user }]) => user.trim());
    const rows: string[][] = batch.map(() => []);
    const predicted = Array.from(byUser, async ([user, entries]) => {
      const input = await this.#reader(user, entries.length);
      const books = Uint32Array.from(entries, ([, { item }]) => this.#book(item));
      this.#recommender.predict(input, books).forEach((prediction, n) => {
        const [place, pair] = entries[n] ?? [];
        if (place !== undefined && pair !== undefined) rows[place] = rowOf(pair, prediction);
      });
    });
    await Promise.all(predicted);
    this.summary.pairs += batch.length;
    return rows;
  }

  async #reader(user: string, pairs: number): Promise<ReaderInput> {
    const { store, version } = this.#options;
    const record = await store.reader(version, user);
    if (record === null) this.summary.unknownReaders += pairs;
    return record ?? NOTHING_KNOWN;
  }

  #book(item: string): number {
    const found = this.#bookIndex.get(item.trim()) ?? this.#bookIndex.get(canonicalBookId(item));
    if (found === undefined) this.summary.unknownBooks++;
    return found ?? this.#recommender.unknownBook;
  }
}

function rowOf({ user, item }: Pair, prediction: Prediction): string[] {
  const { mean, varReader, varBook, varNoise } = prediction;
  const spreads = [varReader + varBook + varNoise, varReader, varBook, varNoise].map(Math.sqrt);
  const quantiles = QUANTILES.map((p) => prediction.quantile(p));
  return [user, item, ...[mean, ...spreads, ...quantiles].map((value) => value.toFixed(4))];
}

async function* batchesOf(pairs: AsyncIterable<Pair>): AsyncGenerator<Pair[]> {
  let batch: Pair[] = [];
  for await (const pair of pairs) {
    batch.push(pair);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function blobOf(store: Store, version: string, name: string): Promise<Uint8Array> {
  const bytes = await store.blob(version, name);
  if (bytes !== null) return bytes;
  throw new AppError(
    'STORE_CORRUPT',
    `version ${version} has no ${name}`,
    'Train again, or go back with `bookrec models rollback`.',
  );
}
