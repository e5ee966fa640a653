import type { SettingKey } from './settings.ts';

/** Settings that say which data are read. */
export const DATA_KEYS = ['data', 'scale', 'maxBad'] as const satisfies readonly SettingKey[];

/** Settings that say which rows are trained on and which are held out. */
export const ROW_KEYS = [
  'minReaderRatings',
  'minBookRatings',
  'core',
  'split',
  'heldOut',
  'seed',
] as const satisfies readonly SettingKey[];

/** Settings that change what is learned or stored; with the data they make the content hash. */
export const MODEL_KEYS = [
  ...ROW_KEYS,
  'rank',
  'fitTo',
  'links',
  'sweeps',
  'listLength',
  'policy',
  'maxPerAuthor',
] as const satisfies readonly SettingKey[];

/** Settings of a training run, without those of the store. */
export const TRAIN_KEYS = [
  ...DATA_KEYS,
  'feedback',
  ...MODEL_KEYS,
  'warmStart',
  'checkpointMinutes',
  'memoryBudget',
  'threads',
  'publish',
  'margin',
  'keep',
  'storeSnapshot',
  'summary',
  'backend',
  'runId',
] as const satisfies readonly SettingKey[];

/** Settings of an evaluation. */
export const EVALUATE_KEYS = [
  ...DATA_KEYS,
  ...ROW_KEYS,
  'rank',
  'fitTo',
  'links',
  'sweeps',
  'threads',
  'memoryBudget',
  'trainFile',
  'testFile',
] as const satisfies readonly SettingKey[];
