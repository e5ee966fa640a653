import type { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

/** `threadId` of a thread that has ended. */
export const GONE = -1;

/** Threads that this one starts from now on, until the test's end. */
export function watchThreads(onStart: (worker: Worker) => void = () => undefined): Worker[] {
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
