import { POLICIES } from '../contracts/policies.ts';
import type { Metrics } from '../contracts/metrics.ts';
import type { EVALUATE_KEYS } from '../contracts/setting-groups.ts';
import { SETTINGS, type Settings, settingsSchema } from '../contracts/settings.ts';
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

/** Settings that choose rows, beside files that name them. */
const ROW_CHOICES = ['minReaderRatings', 'minBookRatings', 'core', 'split', 'heldOut'] as const;

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
  assertNoOtherChoice(settings);
  const [train, test] = [await readPairs(trainFile, signal), await readPairs(testFile, signal)];
  return { split: splitByPairs(dataset, { train, test }), splitName: 'rows of two files' };
}

/** Two files name all rows, so that a setting that chooses rows would be passed over in silence. */
function assertNoOtherChoice(settings: EvaluateSettings): void {
  const given = ROW_CHOICES.filter(
    (key) => settings[key] !== settingsSchema.shape[key].parse(undefined),
  );
  if (given.length === 0) return;
  const flags = SETTINGS.filter(({ key }) => given.some((choice) => choice === key));
  throw new AppError(
    'BAD_SETTINGS',
    `${flags.map(({ flag }) => `--${flag ?? ''}`).join(', ')} cannot go with --train and --test, which name every row`,
    'Leave out one or the other.',
  );
}
