import { CARD_BLOB, type ModelCard } from '../contracts/model-card.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { ListChoice } from '../model/recommender.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { BOOK_COUNTS_BLOB, encodeBookCounts } from '../store/book-counts-codec.ts';
import { CATALOGUE_BLOB, encodeCatalogue } from '../store/catalogue-codec.ts';
import { encodeModel, MODEL_BLOB } from '../store/model-codec.ts';
import type { Store, VersionWriter } from '../store/store.ts';
import { countRatings } from './book-counts.ts';
import { HELD_OUT_BLOB, type HeldOut, packHeldOut } from './gate/held-out.ts';
import type { Dataset } from './ingest/dataset.ts';
import { allRecords } from './recommend/list-pool.ts';
import { packStart, START_BLOB, type StartPoint } from './train/start-point.ts';
import { listOrder, readerInputs } from './recommend/reader-inputs.ts';

/** Readers written at once, since each writing waits for the disk; some 5 MB with lists of 50. */
const WRITTEN_AT_ONCE = 4096;

/** Everything that a version consists of. */
export interface Publication {
  readonly manifest: Manifest;
  readonly model: TrainedModel;
  readonly dataset: Dataset;
  readonly heldOut: HeldOut;
  /** What later trainings can go on from. */
  readonly start: StartPoint;
  /** Made once the lists are written. */
  readonly card: () => Promise<ModelCard>;
  readonly choice: ListChoice;
  /** Threads that compute the lists; 0 for one a core. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Called as lists are done, with the share of readers served so far. */
  readonly onProgress: (share: number) => Promise<void>;
}

/**
 * Computes and writes the lists of all readers with the model and the catalogue, completes the version and flips the
 * pointer. An error on the way leaves the live version as it was.
 */
export async function publish(store: Store, publication: Publication): Promise<void> {
  const { manifest, dataset, signal } = publication;
  const writer = await store.begin(manifest.version);
  try {
    const model = encodeModel(publication.model);
    await writer.putBlob(MODEL_BLOB, model);
    await writer.putBlob(CATALOGUE_BLOB, encodeCatalogue(dataset.books));
    await writer.putBlob(BOOK_COUNTS_BLOB, encodeBookCounts(countRatings(dataset)));
    await writer.putBlob(HELD_OUT_BLOB, packHeldOut(publication.heldOut));
    await writer.putBlob(START_BLOB, packStart(publication.start));
    await writeLists(writer, model, publication);
    await writer.putBlob(CARD_BLOB, Buffer.from(JSON.stringify(await publication.card()), 'utf8'));
    signal.throwIfAborted();
    await writer.commit(manifest);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await store.setLive(manifest.version);
}

async function writeLists(
  writer: VersionWriter,
  model: Uint8Array,
  publication: Publication,
): Promise<void> {
  const { dataset, choice, threads, signal, manifest, onProgress } = publication;
  // every rating of a reader counts in the list, whatever rows were trained on
  const inputs = readerInputs(dataset, Int32Array.from(dataset.ratings.reader.keys()));
  const readers = listOrder(inputs);
  const job = { model, inputs, readers, listLength: manifest.listLength, choices: [choice] };
  let done = 0;
  let ids: string[] = [];
  let records: Uint8Array[] = [];
  for await (const batch of allRecords(job, signal, threads)) {
    done += batch.records.length;
    for (const [n, record] of batch.records.entries()) {
      ids.push(dataset.readers.ids[readers[batch.from + n] ?? -1] ?? '');
      records.push(record);
    }
    if (ids.length >= WRITTEN_AT_ONCE || done === inputs.count) {
      await writer.putPart({ kind: 'readers', ids, records });
      [ids, records] = [[], []];
    }
    await onProgress(done / inputs.count);
  }
}
