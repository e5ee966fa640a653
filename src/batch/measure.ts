import { setImmediate as turn } from 'node:timers/promises';
import type { Metrics } from '../contracts/metrics.ts';
import type { Policy } from '../contracts/policies.ts';
import { DEFAULT_CHOICE } from '../model/recommender.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { encodeModel } from '../store/model-codec.ts';
import { decodeReader } from '../store/reader-codec.ts';
import { type BiasModel, fitBiases } from './evaluate/baselines.ts';
import { LIST_LENGTH, rankingTask } from './evaluate/ranking-task.ts';
import { biasTask, evaluationReport, type PolicyLists, ratingReport } from './evaluate/report.ts';
import type { Split } from './evaluate/split.ts';
import { type HeldOut, heldOutOf } from './gate/held-out.ts';
import type { Dataset } from './ingest/dataset.ts';
import { inThreadUnless, type Where } from './in-thread.ts';
import { allRecords, type ListJob } from './recommend/list-pool.ts';
import { latentRows, predictions } from './recommend/predict-rows.ts';
import { readerInputs, type ReaderInputs } from './recommend/reader-inputs.ts';

/** What a model is measured on, and how the report calls it. */
export interface MeasureTask {
  readonly dataset: Dataset;
  readonly split: Split;
  /** In words: `random 10%, seed 1`. */
  readonly splitName: string;
  /** Seed of the bootstrap. */
  readonly seed: number;
  /** From `biasesOf`; fitted on the way where they are not given. */
  readonly biases?: BiasModel;
}

/** How lists to measure are made. */
export interface MeasureOptions {
  /** Policies to rank by beside the default one. */
  readonly policies?: readonly Policy[];
  /** Threads that make the lists; 0 for one a core. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/**
 * Measures a model that has learned from the split's training rows alone. Lists come from the artefact that would be
 * published, while the test rows are predicted and measured. Throws as `ratingReport`, `evaluationReport` and `allRecords` do.
 */
export async function measure(
  model: TrainedModel,
  { dataset, split, splitName, seed, biases }: MeasureTask,
  options: MeasureOptions,
): Promise<{ metrics: Metrics; heldOut: HeldOut }> {
  const inputs = readerInputs(dataset, split.train);
  const task = rankingTask(dataset, split);
  const [lists, { rated, heldOut }] = await Promise.all([
    listsOf(model, inputs, task.readers, options),
    turn().then(() => {
      const latent = latentRows(model, inputs, dataset, split.test);
      const predicted = predictions(model, latent);
      const rated = ratingReport({
        dataset,
        split,
        splitName,
        predictions: predicted,
        biases,
        seed,
      });
      return { rated, heldOut: heldOutOf(dataset, split.test, predicted.mean) };
    }),
  ]);
  return { metrics: evaluationReport(rated, task, lists), heldOut };
}

/** The biases that a model is measured beside: they need no model, and so can be fitted while one is trained. */
export async function biasesOf(
  { dataset, split }: Pick<MeasureTask, 'dataset' | 'split'>,
  where: Where,
): Promise<BiasModel> {
  const program = new URL('./evaluate/bias-worker.ts', import.meta.url);
  return inThreadUnless(program, fitBiases, biasTask(dataset, split), where);
}

/** By policy, a list of each of the readers. */
async function listsOf(
  model: TrainedModel,
  inputs: ReaderInputs,
  readers: Int32Array,
  { policies = [], threads, signal }: MeasureOptions,
): Promise<PolicyLists> {
  const all: Policy[] = ['balanced', ...policies.filter((policy) => policy !== 'balanced')];
  const job: ListJob = {
    model: encodeModel(model),
    inputs,
    readers,
    listLength: LIST_LENGTH,
    choices: all.map((policy) => ({ ...DEFAULT_CHOICE, policy, seed: 0 })),
  };
  const books = new Array<Uint32Array>(all.length * readers.length);
  for await (const { from, records } of allRecords(job, signal, threads)) {
    for (const [n, record] of records.entries()) books[from + n] = decodeReader(record).list.book;
  }
  const listsBy = (policy: Policy): Uint32Array[] => {
    const from = all.indexOf(policy) * readers.length;
    return books.slice(from, from + readers.length);
  };
  const others = all.slice(1).map((policy) => [policy, listsBy(policy)] as const);
  return { ...Object.fromEntries(others), balanced: listsBy('balanced') };
}
