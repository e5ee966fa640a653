import { parentPort, workerData } from 'node:worker_threads';
import { ModelRecommender } from '../../model/model-recommender.ts';
import type { RankedList } from '../../model/ranked-list.ts';
import { decodeModel } from '../../store/model-codec.ts';
import { type ListJob, type ListRange, choiceOfReader } from './list-pool.ts';
import { packLists } from './packed-lists.ts';
import { inputOf } from './reader-inputs.ts';

// the only sender is list-pool.ts, which builds the data with this very type
const job = workerData as ListJob;
const recommender = new ModelRecommender(decodeModel(job.model));

parentPort?.on('message', ({ from, to }: ListRange) => {
  const lists: RankedList[] = [];
  for (let u = from; u < to; u++) {
    const choice = choiceOfReader(job.choice, u);
    lists.push(recommender.recommend(inputOf(job.inputs, u), job.listLength, choice));
  }
  const packed = packLists(from, lists);
  parentPort?.postMessage(
    packed,
    Object.values(packed.columns).map((column) => column.buffer),
  );
});
