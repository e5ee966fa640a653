import { parentPort, workerData } from 'node:worker_threads';
import { ModelRecommender } from '../../model/model-recommender.ts';
import { decodeModel } from '../../store/model-codec.ts';
import { encodeReader } from '../../store/reader-codec.ts';
import { type ListJob, type ListRange, recordOf } from './list-pool.ts';
import { packRecords } from './packed-records.ts';

// the only sender is list-pool.ts, which builds the data with this very type
const job = workerData as ListJob;
const recommender = new ModelRecommender(decodeModel(job.model));

parentPort?.on('message', ({ from, to }: ListRange) => {
  const records: Uint8Array[] = [];
  for (let u = from; u < to; u++) records.push(encodeReader(recordOf(recommender, job, u)));
  const packed = packRecords(from, records);
  parentPort?.postMessage(packed, [packed.bytes.buffer, packed.lengths.buffer]);
});
