import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ListChoice, Recommender } from '../../model/recommender.ts';
import type { ReaderRecord } from '../../store/store.ts';
import { threadLost } from '../thread-lost.ts';
import { type PackedRecords, unpackRecords } from './packed-records.ts';
import { inputOf, type ReaderInputs } from './reader-inputs.ts';

/** What every worker gets at its start. */
export interface ListJob {
  /** The artefact `model`, so that lists come from the very numbers that the API will fold in with. */
  readonly model: Uint8Array;
  readonly inputs: ReaderInputs;
  readonly listLength: number;
  readonly choice: ListChoice;
}

/** Readers `from .. to` of the inputs. */
export interface ListRange {
  readonly from: number;
  readonly to: number;
}

/** Encoded records of readers `from .. from + records.length`. */
export interface RecordBatch {
  readonly from: number;
  readonly records: readonly Uint8Array[];
}

/** What is stored of reader u; the draws of a reader are others than those of the next one. */
export function recordOf(
  recommender: Recommender,
  { inputs, listLength, choice }: ListJob,
  u: number,
): ReaderRecord {
  const input = inputOf(inputs, u);
  const { labels, ratedBook, ratedValue, unratedBook } = input;
  const seed = (choice.seed + u) % 2 ** 32;
  return {
    source: ratedBook.length > 0 ? 'personal' : 'prior',
    list: recommender.recommend(input, listLength, { ...choice, seed }),
    labels,
    ratedBook,
    ratedValue: Float32Array.from(ratedValue),
    unratedBook,
  };
}

/** Readers a message: enough to make its cost small, few enough to keep all threads busy to the end. */
const BATCH = 512;
/** Messages that a worker has before it, so that it has work while this thread waits for the disk. */
const AHEAD = 3;

/**
 * Records of all readers with their lists, in batches as they are done; 0 threads means one a core. Ends its threads
 * when left. Throws the error of a thread, and `THREAD_LOST` where one ends without any.
 */
export async function* allRecords(
  job: ListJob,
  signal: AbortSignal,
  threads = 0,
): AsyncGenerator<RecordBatch> {
  const { count } = job.inputs;
  const most = threads === 0 ? availableParallelism() : threads;
  const batches = Math.ceil(count / BATCH);
  const workers = Array.from(
    { length: Math.max(1, Math.min(most, batches)) },
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
