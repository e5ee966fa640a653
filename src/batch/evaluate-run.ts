import { POLICIES } from '../contracts/policies.ts';
import type { Metrics } from '../contracts/metrics.ts';
import type { EVALUATE_KEYS } from '../contracts/setting-groups.ts';
import type { Settings } from '../contracts/settings.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { learn } from './learn.ts';
import { measure } from './measure.ts';
import { splitByPairs } from './evaluate/split-by-pairs.ts';
import type { Split } from './evaluate/split.ts';
import type { Dataset } from './ingest/dataset.ts';
import { readPairs } from './ingest/read-pairs.ts';
import { readData, splitToLearn } from './prepare.ts';
import { rounded } from './rounded.ts';

/** Settings of an evaluation. */
export type EvaluateSettings = Pick<Settings, (typeof EVALUATE_KEYS)[number]>;

/** Trains on one part of the ratings and measures on the other; stores nothing. */
export async function evaluate(
  settings: EvaluateSettings,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<Metrics> {
  const { dataset } = await readData(settings, { log, signal });
  const { split, splitName } = await chosenSplit(dataset, settings, signal);
  const { model } = await learn(dataset, split.train, {
    ...settings,
    signal,
    onSweep: (report, seconds) => {
      log.info(rounded({ ...report, seconds }), 'sweep');
    },
  });
  const task = { dataset, split, splitName, seed: settings.seed };
  const { threads } = settings;
  const { metrics } = await measure(model, task, { policies: POLICIES, threads, signal });
  return metrics;
}

/** The split of the two files where they are given, else the one of the settings. */
async function chosenSplit(
  dataset: Dataset,
  settings: EvaluateSettings,
  signal: AbortSignal,
): Promise<{ split: Split; splitName: string }> {
  const { trainFile, testFile } = settings;
  if (trainFile === undefined && testFile === undefined) return splitToLearn(dataset, settings);
  if (trainFile === undefined || testFile === undefined) {
    throw new AppError(
      'BAD_SETTINGS',
      'Only one of --train and --test is given',
      'Give both files, or none and a --split.',
    );
  }
  const [train, test] = [await readPairs(trainFile, signal), await readPairs(testFile, signal)];
  return { split: splitByPairs(dataset, { train, test }), splitName: 'rows of two files' };
}
