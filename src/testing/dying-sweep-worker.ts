import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { SweepMessage } from '../batch/train/sweep-pool.ts';
import { environment } from '../runtime/environment.ts';

// takes the place of sweep-worker.ts and dies with the first chunk that it is dealt, as DIE_BY says
const { port } = workerData as { port: MessagePort };
let chunks = 0;

port.on('message', (message: SweepMessage) => {
  if ('data' in message) {
    chunks = message.data.chunks.books.order.length;
    return;
  }
  if (Atomics.add(message.job.progress, 0, 1) >= chunks) return;
  if (environment()['DIE_BY'] === 'throw') throw new Error('the heap is full');
  process.exit(3);
});
