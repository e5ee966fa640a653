import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { SweepMessage } from './sweep-pool.ts';
import { SweepThread } from './sweep-thread.ts';

// the only sender is sweep-pool.ts, which builds the data with this very type
const { port } = workerData as { port: MessagePort };
let thread: SweepThread | null = null;

port.on('message', (message: SweepMessage) => {
  if ('data' in message) thread = new SweepThread(message.data);
  else {
    thread?.work(message.job, (failure) => {
      port.postMessage(failure);
    });
  }
});
