import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../runtime/errors.ts';
import type { RowsAnswer, RowsTask } from './rows-ahead.ts';
import { rowsOf } from './rows-of.ts';

/** Messages that may wait to be taken. */
const AHEAD = 16;

// the only sender is rows-ahead.ts, which builds the task with this very type
const { files, taken } = workerData as RowsTask;

let sent = 0;
try {
  for (const file of files) {
    for await (const rows of rowsOf(file)) {
      const { bytes, end, fields, line } = rows;
      send({ rows }, [bytes.buffer, end.buffer, fields.buffer, line.buffer]);
      sent++;
      waitForRoom();
    }
  }
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  send({ failed: error.parts });
}

function send(answer: RowsAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, transfer);
}

/** Blocks the thread, which has nothing else to do. */
function waitForRoom(): void {
  for (;;) {
    const seen = Atomics.load(taken, 0);
    if (sent - seen < AHEAD) return;
    Atomics.wait(taken, 0, seen);
  }
}
