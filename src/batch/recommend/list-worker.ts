import { parentPort, workerData } from 'node:worker_threads';
import { ModelRecommender } from '../../model/model-recommender.ts';
import type { RankedList } from '../../model/ranked-list.ts';
import { decodeModel } from '../../store/model-codec.ts';
import type { ListJob, ListRange } from './list-pool.ts';
import { inputOf } from './reader-inputs.ts';

// the only sender is list-pool.ts, which builds the data with this very type
const job = workerData as ListJob;
const recommender = new ModelRecommender(decodeModel(job.model));

parentPort?.on('message', ({ from, to }: ListRange) => {
  const lists: RankedList[] = [];
  for (let u = from; u < to; u++) {
    lists.push(recommender.recommend(inputOf(job.inputs, u), job.listLength, job.policy));
  }
  const buffers = lists.flatMap((list) =>
    Object.values(list).map((column: Uint32Array) => column.buffer),
  );
  parentPort?.postMessage({ from, lists }, buffers as ArrayBuffer[]);
});
