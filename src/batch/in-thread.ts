import { parentPort, Worker, workerData } from 'node:worker_threads';
import { AppError, type ErrorParts } from '../runtime/errors.ts';
import { threadLost } from './thread-lost.ts';

/** What a thread answers. */
type Answer<R> = { readonly result: R } | { readonly failed: ErrorParts };

/**
 * Runs a program that ends with `answer` in a thread of its own, beside what the caller does meanwhile. Throws what the work throws,
 * `THREAD_LOST` where the thread ends without an answer, and the signal's reason where that ends it.
 */
export async function inThread<R>(program: URL, task: unknown, signal?: AbortSignal): Promise<R> {
  signal?.throwIfAborted();
  const worker = new Worker(program, { workerData: task });
  const ended = new AbortController();
  try {
    const answered = await new Promise<Answer<R>>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', (code) => {
        reject(threadLost(`exit code ${code}`));
      });
      const stop = (): void => {
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', stop, { signal: ended.signal });
    });
    if ('result' in answered) return answered.result;
    throw AppError.of(answered.failed);
  } finally {
    ended.abort();
    await worker.terminate();
  }
}

/** Where work is done that the caller need not wait for. */
export interface Where {
  /** With one the work is the caller's. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** `inThread` unless there is to be one thread only; `work` is what the program answers with. */
export async function inThreadUnless<T, R>(
  program: URL,
  work: (task: T) => R,
  task: T,
  { threads, signal }: Where,
): Promise<R> {
  return threads === 1 ? work(task) : inThread(program, task, signal);
}

/** Waits for work in threads and for the caller's own meanwhile; where that fails, the threads are ended. */
export async function beside<R, S>(
  threads: (signal: AbortSignal) => Promise<R>,
  own: (theirs: Promise<R>) => Promise<S>,
  signal: AbortSignal,
): Promise<[R, S]> {
  const failed = new AbortController();
  const theirs = threads(AbortSignal.any([signal, failed.signal]));
  const ended = theirs.catch(() => undefined);
  try {
    const mine = await own(theirs);
    return [await theirs, mine];
  } catch (error) {
    failed.abort();
    await ended;
    throw error;
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
