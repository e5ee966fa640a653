import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ModelRecommender } from '../../model/model-recommender.ts';
import { seededRandom } from '../../model/random.ts';
import { DEFAULT_CHOICE, type ListChoice, type ReaderInput } from '../../model/recommender.ts';
import { decodeModel, encodeModel } from '../../store/model-codec.ts';
import { encodeReader } from '../../store/reader-codec.ts';
import { randomInput, randomModel } from '../../testing/random-model.ts';
import { allRecords, type ListJob, type RecordBatch, recordOf } from './list-pool.ts';
import type { ReaderInputs } from './reader-inputs.ts';

/** Three batches, the last one not full. */
const READERS = 1100;
const BOOKS = 40;
const LENGTH = 5;
const EXPLORE: ListChoice = { ...DEFAULT_CHOICE, policy: 'explore', seed: 4_294_967_000 };

const random = seededRandom(1);
const model = encodeModel(randomModel(random, 2, BOOKS));
const inputs = columnsOf(
  Array.from({ length: READERS }, (_, u) => randomInput(random, BOOKS, u % 7, u % 3)),
);
const { signal } = new AbortController();

function columnsOf(readers: readonly ReaderInput[]): ReaderInputs {
  const starts = (length: (reader: ReaderInput) => number): Int32Array => {
    const result = new Int32Array(readers.length + 1);
    readers.forEach((reader, u) => (result[u + 1] = (result[u] ?? 0) + length(reader)));
    return result;
  };
  return {
    count: readers.length,
    ratedStart: starts(({ ratedBook }) => ratedBook.length),
    ratedBook: Uint32Array.from(readers.flatMap(({ ratedBook }) => [...ratedBook])),
    ratedValue: Float64Array.from(readers.flatMap(({ ratedValue }) => Array.from(ratedValue))),
    unratedStart: starts(({ unratedBook }) => unratedBook.length),
    unratedBook: Uint32Array.from(readers.flatMap(({ unratedBook }) => [...unratedBook])),
    labelStart: new Int32Array(readers.length + 1),
    label: new Uint32Array(),
  };
}

const jobOf = (choice: ListChoice): ListJob => ({ model, inputs, listLength: LENGTH, choice });

async function batchesOf(job: ListJob, threads: number): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of allRecords(job, signal, threads)) batches.push(batch);
  return batches.sort((a, b) => a.from - b.from);
}

/** Workers that this thread starts from now on, until the test's end. */
function watchWorkers(onStart: (worker: Worker) => void = () => undefined): Worker[] {
  const started: Worker[] = [];
  const listen = (worker: Worker): void => {
    started.push(worker);
    onStart(worker);
  };
  process.on('worker', listen);
  onTestFinished(() => {
    process.off('worker', listen);
  });
  return started;
}

const GONE = -1;

describe('the lists of all readers', () => {
  it.each([
    [DEFAULT_CHOICE, 1, 1],
    // no more threads than there are batches
    [DEFAULT_CHOICE, 8, 3],
    [EXPLORE, 2, 2],
  ])('by %o on %i threads are the same bytes as on none', async (choice, threads, started) => {
    const recommender = new ModelRecommender(decodeModel(model));
    const expected = Array.from({ length: READERS }, (_, u) =>
      encodeReader(recordOf(recommender, jobOf(choice), u)),
    );
    const workers = watchWorkers();
    const batches = await batchesOf(jobOf(choice), threads);
    expect(workers).toHaveLength(started);
    expect(batches.map(({ from }) => from)).toEqual([0, 512, 1024]);
    expect(batches.flatMap((batch) => batch.records)).toEqual(expected);
  });

  it('end with the error of a thread, and end the other threads', async () => {
    const workers = watchWorkers();
    const broken = { ...jobOf(DEFAULT_CHOICE), model: new Uint8Array(64) };
    await expect(batchesOf(broken, 2)).rejects.toThrow(
      'A stored artefact does not start as it should',
    );
    expect(workers.map(({ threadId }) => threadId)).toEqual([GONE, GONE]);
  });

  it('end with THREAD_LOST where a thread ends without an error', async () => {
    const workers = watchWorkers((worker) => void worker.terminate());
    await expect(batchesOf(jobOf(DEFAULT_CHOICE), 2)).rejects.toMatchObject({
      code: 'THREAD_LOST',
    });
    expect(workers.map(({ threadId }) => threadId)).toEqual([GONE, GONE]);
  });

  it('end their threads when they are left or the run is stopped', async () => {
    const workers = watchWorkers();
    for await (const { from } of allRecords(jobOf(DEFAULT_CHOICE), signal, 2)) {
      expect(from % 512).toBe(0);
      break;
    }
    const stopped = new AbortController();
    const rest = allRecords(jobOf(DEFAULT_CHOICE), stopped.signal, 2);
    await rest.next();
    stopped.abort();
    await expect(rest.next()).rejects.toMatchObject({ name: 'AbortError' });
    expect(workers.map(({ threadId }) => threadId)).toEqual([GONE, GONE, GONE, GONE]);
  });
});
