import { parentPort, Worker, workerData } from 'node:worker_threads';
import { AppError, type ErrorParts } from '../runtime/errors.ts';
import { threadLost } from './thread-lost.ts';

/** What a thread answers. */
type Answer<R> = { readonly result: R } | { readonly failed: ErrorParts };

/**
 * Runs a program that ends with `answer` in a thread of its own, beside what the caller does meanwhile. Throws what the work throws, and
 * `THREAD_LOST` where the thread ends without an answer.
 */
export async function inThread<R>(program: URL, task: unknown): Promise<R> {
  const worker = new Worker(program, { workerData: task });
  try {
    const answered = await new Promise<Answer<R>>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', (code) => {
        reject(threadLost(`exit code ${code}`));
      });
    });
    if ('result' in answered) return answered.result;
    throw AppError.of(answered.failed);
  } finally {
    await worker.terminate();
  }
}

/** Does the work of a thread started by `inThread` and sends the result, which is copied. */
export function answer(work: (task: never) => unknown): void {
  // the only sender is `inThread`, whose caller knows what the program takes
  parentPort?.postMessage(answerTo(() => work(workerData as never)));
}

function answerTo<R>(work: () => R): Answer<R> {
  try {
    return { result: work() };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { failed: error.parts };
  }
}
