import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../model/random.ts';
import { DEFAULT_CHOICE, type ListChoice, type ReaderInput } from '../../model/recommender.ts';
import { encodeModel } from '../../store/model-codec.ts';
import { randomInput, randomModel } from '../../testing/random-model.ts';
import { GONE, watchThreads } from '../../testing/watch-threads.ts';
import { allRecords, type ListJob, type RecordBatch, RecordMaker } from './list-pool.ts';
import type { ReaderInputs } from './reader-inputs.ts';

/** Two batches a choice, the last one not full. */
const READERS = 600;
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

const jobOf = (...choices: ListChoice[]): ListJob => ({
  model,
  inputs,
  readers: Int32Array.from({ length: READERS }, (_, u) => u),
  choices,
  listLength: LENGTH,
});

async function batchesOf(job: ListJob, threads: number): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of allRecords(job, signal, threads)) batches.push(batch);
  return batches.sort((a, b) => a.from - b.from);
}

describe('the lists of all readers', () => {
  it.each([1, 2])(
    'on %i threads are the same bytes as on none, choice by choice',
    async (threads) => {
      const job = jobOf(DEFAULT_CHOICE, EXPLORE);
      const expected = new RecordMaker(job).records({ from: 0, to: 2 * READERS });
      const batches = await batchesOf(job, threads);
      expect(batches.map(({ from }) => from)).toEqual([0, 512, 1024]);
      const records = batches.flatMap((batch) => batch.records);
      expect(Buffer.concat(records).equals(Buffer.concat(expected))).toBe(true);
      const alone = new RecordMaker({ ...job, choices: [EXPLORE] });
      const second = Buffer.concat(expected.slice(READERS));
      expect(Buffer.concat(alone.records({ from: 0, to: READERS })).equals(second)).toBe(true);
    },
  );

  it('take no more threads than there are batches, and none for a single one', async () => {
    const workers = watchThreads();
    const job = jobOf(DEFAULT_CHOICE);
    await batchesOf(job, 8);
    expect(workers).toHaveLength(2);
    await batchesOf({ ...job, readers: job.readers.subarray(0, 20) }, 8);
    expect(workers).toHaveLength(2);
  });

  it('end with the error of a thread, and end the other threads', async () => {
    const workers = watchThreads();
    const broken = { ...jobOf(DEFAULT_CHOICE), model: new Uint8Array(64) };
    await expect(batchesOf(broken, 2)).rejects.toThrow(
      'A stored artefact does not start as it should',
    );
    expect(workers.map(({ threadId }) => threadId)).toEqual([GONE, GONE]);
  });

  it('end with THREAD_LOST where a thread ends without an error', async () => {
    const workers = watchThreads((worker) => void worker.terminate());
    await expect(batchesOf(jobOf(DEFAULT_CHOICE), 2)).rejects.toMatchObject({
      code: 'THREAD_LOST',
    });
    expect(workers.map(({ threadId }) => threadId)).toEqual([GONE, GONE]);
  });

  it('end their threads when they are left or the run is stopped', async () => {
    const workers = watchThreads();
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
