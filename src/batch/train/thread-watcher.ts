import { Worker, workerData } from 'node:worker_threads';
import type { WatchData } from './thread-watch.ts';

// the only sender is thread-watch.ts, which builds the data with this very type
const { program, ports, lost, words } = workerData as WatchData;

for (const port of ports) {
  const worker = new Worker(new URL(program), { workerData: { port }, transferList: [port] });
  worker.on('error', (error: Error) => {
    words.postMessage(error.message);
  });
  worker.on('exit', (code) => {
    words.postMessage(`exit code ${code}`);
    Atomics.store(lost, 0, 1);
  });
}
