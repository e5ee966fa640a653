import { parentPort, workerData } from 'node:worker_threads';
import { type ListJob, type ListRange, RecordMaker } from './list-pool.ts';
import { packRecords } from './packed-records.ts';

// the only sender is list-pool.ts, which builds the data with this very type
const maker = new RecordMaker(workerData as ListJob);

parentPort?.on('message', (range: ListRange) => {
  const packed = packRecords(range.from, maker.records(range));
  parentPort?.postMessage(packed, [packed.bytes.buffer, packed.lengths.buffer]);
});
