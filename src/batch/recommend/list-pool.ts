import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ModelRecommender } from '../../model/model-recommender.ts';
import type { ListChoice, Recommender } from '../../model/recommender.ts';
import { decodeModel } from '../../store/model-codec.ts';
import { encodeReader } from '../../store/reader-codec.ts';
import type { ReaderRecord } from '../../store/store.ts';
import { threadLost } from '../thread-lost.ts';
import { type PackedRecords, unpackRecords } from './packed-records.ts';
import { inputOf, type ReaderInputs } from './reader-inputs.ts';

/** What every worker gets at its start. */
export interface ListJob {
  /** The artefact `model`, so that lists come from the very numbers that the API will fold in with. */
  readonly model: Uint8Array;
  readonly inputs: ReaderInputs;
  /** Whom lists are for: all of these by the first choice, then all by the next one. */
  readonly readers: Int32Array;
  readonly choices: readonly ListChoice[];
  readonly listLength: number;
}

/** Lists `from .. to` of a job. */
export interface ListRange {
  readonly from: number;
  readonly to: number;
}

/** Encoded records with the lists `from .. from + records.length` of a job. */
export interface RecordBatch {
  readonly from: number;
  readonly records: readonly Uint8Array[];
}

/** Makes the lists of a job, with all else that is stored of their readers. */
export class RecordMaker {
  private readonly recommender: Recommender;
  private readonly job: ListJob;

  constructor(job: ListJob) {
    this.recommender = new ModelRecommender(decodeModel(job.model));
    this.job = job;
  }

  records({ from, to }: ListRange): Uint8Array[] {
    return Array.from({ length: to - from }, (_, n) => encodeReader(this.recordOf(from + n)));
  }

  /** The draws for a reader are others than those for the next one. */
  private recordOf(n: number): ReaderRecord {
    const { inputs, readers, choices, listLength } = this.job;
    const u = readers[n % readers.length];
    const choice = choices[Math.floor(n / readers.length)];
    const input = inputOf(inputs, u);
    const { labels, ratedBook, ratedValue, unratedBook } = input;
    const seed = (choice.seed + u) % 2 ** 32;
    return {
      source: ratedBook.length > 0 ? 'personal' : 'prior',
      list: this.recommender.recommend(input, listLength, { ...choice, seed }),
      labels,
      ratedBook,
      ratedValue: Float32Array.from(ratedValue),
      unratedBook,
    };
  }
}

/** Lists a message: enough to make its cost small, few enough to keep all threads busy to the end. */
const BATCH = 512;
/** Messages that a worker has before it, so that it has work while this thread waits for the disk or measures predictions. */
const AHEAD = 8;

/** Threads that make so many lists; none where the caller does it. */
export function listThreads(lists: number, threads: number): number {
  const batches = Math.ceil(lists / BATCH);
  return batches <= 1 ? 0 : Math.min(threads === 0 ? availableParallelism() : threads, batches);
}

/**
 * Records with all lists of a job, in batches as they are done; 0 threads means one a core. A single batch is done
 * here, without a thread. Ends its threads when left. Throws the error of a thread, and `THREAD_LOST` where one ends
 * without any.
 */
export async function* allRecords(
  job: ListJob,
  signal: AbortSignal,
  threads = 0,
): AsyncGenerator<RecordBatch> {
  const count = job.readers.length * job.choices.length;
  const batches = Math.ceil(count / BATCH);
  const used = listThreads(count, threads);
  if (used === 0) {
    signal.throwIfAborted();
    yield { from: 0, records: new RecordMaker(job).records({ from: 0, to: count }) };
    return;
  }
  const workers = Array.from(
    { length: used },
    () => new Worker(new URL('./list-worker.ts', import.meta.url), { workerData: job }),
  );
  const answers = new Answers(workers);
  try {
    let next = 0;
    const give = (worker: Worker): void => {
      if (next < count) worker.postMessage({ from: next, to: Math.min(count, next + BATCH) });
      next += BATCH;
    };
    for (let ahead = 0; ahead < AHEAD; ahead++) workers.forEach(give);
    for (let left = batches; left > 0; left--) {
      signal.throwIfAborted();
      const { worker, packed } = await answers.next();
      give(worker);
      yield { from: packed.from, records: unpackRecords(packed) };
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

interface Answer {
  readonly worker: Worker;
  readonly packed: PackedRecords;
}

/** What workers answer, in the order in which it comes, and how the first of them failed. */
class Answers {
  private readonly come: Answer[] = [];
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(workers: readonly Worker[]) {
    for (const worker of workers) {
      worker.on('message', (packed: PackedRecords) => {
        this.come.push({ worker, packed });
        this.wake();
      });
      worker.on('error', (error: Error) => {
        this.fail(error);
      });
      worker.on('exit', (code) => {
        this.fail(threadLost(`exit code ${code}`));
      });
    }
  }

  async next(): Promise<Answer> {
    for (;;) {
      if (this.failure !== null) throw this.failure;
      const first = this.come.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }
}
