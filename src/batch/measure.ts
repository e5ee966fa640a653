import type { Metrics } from '../contracts/metrics.ts';
import type { Policy } from '../contracts/policies.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { LIST_LENGTH, rankingTask } from './evaluate/ranking-task.ts';
import { evaluationReport } from './evaluate/report.ts';
import type { Split } from './evaluate/split.ts';
import { type HeldOut, heldOutOf } from './gate/held-out.ts';
import type { Dataset } from './ingest/dataset.ts';
import { latentRows, predictions, rankedLists } from './recommend/predict-rows.ts';
import { readerInputs } from './recommend/reader-inputs.ts';

/** What a model is measured on, and how the report calls it. */
export interface MeasureTask {
  readonly dataset: Dataset;
  readonly split: Split;
  /** In words: `random 10%, seed 1`. */
  readonly splitName: string;
  /** Seed of the bootstrap. */
  readonly seed: number;
}

/**
 * Measures a model that has learned from the split's training rows alone; ranking by the default policy and by those given.
 * Throws as `evaluationReport` does.
 */
export function measure(
  model: TrainedModel,
  { dataset, split, splitName, seed }: MeasureTask,
  policies: readonly Policy[] = [],
): { metrics: Metrics; heldOut: HeldOut } {
  const inputs = readerInputs(dataset, split.train);
  const predicted = predictions(model, latentRows(model, inputs, dataset, split.test));
  const task = rankingTask(dataset, split);
  const listsBy = (policy: Policy) =>
    rankedLists(model, inputs, task.readers, { length: LIST_LENGTH, policy });
  const others = policies
    .filter((policy) => policy !== 'balanced')
    .map((policy) => [policy, listsBy(policy)] as const);
  const lists = { ...Object.fromEntries(others), balanced: listsBy('balanced') };
  const metrics = evaluationReport({
    dataset,
    split,
    splitName,
    predictions: predicted,
    ranking: { task, lists },
    seed,
  });
  return { metrics, heldOut: heldOutOf(dataset, split.test, predicted.mean) };
}
