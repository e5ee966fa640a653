import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RankedList } from '../../model/ranked-list.ts';
import type { ListChoice } from '../../model/recommender.ts';
import { threadLost } from '../thread-lost.ts';
import { type PackedLists, unpackLists } from './packed-lists.ts';
import type { ReaderInputs } from './reader-inputs.ts';

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

/** Lists of readers `from .. from + lists.length`. */
export interface ListBatch {
  readonly from: number;
  readonly lists: readonly RankedList[];
}

/** The choice for reader u, whose draws are others than those of the next reader. */
export function choiceOfReader(choice: ListChoice, u: number): ListChoice {
  return { ...choice, seed: (choice.seed + u) % 2 ** 32 };
}

/** Readers a message: enough to make its cost small, few enough to keep all threads busy to the end. */
const BATCH = 512;

/**
 * Lists of all readers, in batches as they are done; 0 threads means one a core. Ends its threads when left.
 * Throws the error of a thread, and `THREAD_LOST` where one ends without any.
 */
export async function* allLists(
  job: ListJob,
  signal: AbortSignal,
  threads = 0,
): AsyncGenerator<ListBatch> {
  const { count } = job.inputs;
  const most = threads === 0 ? availableParallelism() : threads;
  const workers = Array.from(
    { length: Math.max(1, Math.min(most, Math.ceil(count / BATCH))) },
    () => new Worker(new URL('./list-worker.ts', import.meta.url), { workerData: job }),
  );
  try {
    let next = 0;
    const running = new Map<Worker, Promise<{ worker: Worker; batch: ListBatch }>>();
    const give = (worker: Worker): void => {
      if (next >= count) {
        running.delete(worker);
        return;
      }
      const answer = answerOf(worker);
      // It is looked at below; until then, or if the caller leaves, it is no unhandled one.
      answer.catch(() => undefined);
      running.set(worker, answer);
      worker.postMessage({ from: next, to: Math.min(count, next + BATCH) });
      next += BATCH;
    };
    workers.forEach(give);
    while (running.size > 0) {
      signal.throwIfAborted();
      const { worker, batch } = await Promise.race(running.values());
      give(worker);
      yield batch;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function answerOf(worker: Worker): Promise<{ worker: Worker; batch: ListBatch }> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const onMessage = (packed: PackedLists): void => {
      settle();
      resolve({ worker, batch: { from: packed.from, lists: unpackLists(packed) } });
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onExit = (code: number): void => {
      settle();
      reject(threadLost(`exit code ${code}`));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
