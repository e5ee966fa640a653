import { pairedBootstrap, rmseDifference } from '../../src/batch/evaluate/bootstrap.ts';
import { squaredErrors } from '../../src/batch/evaluate/metrics.ts';
import { hashedBelow } from '../../src/batch/evaluate/split.ts';
import { learn } from '../../src/batch/learn.ts';
import { readData, splitToLearn } from '../../src/batch/prepare.ts';
import { latentRows, predictions } from '../../src/batch/recommend/predict-rows.ts';
import { readerInputs } from '../../src/batch/recommend/reader-inputs.ts';
import { type Settings, settingsSchema } from '../../src/contracts/settings.ts';
import { createLog } from '../../src/runtime/log.ts';
import { mean } from './part.ts';

/** Share of the readers that training does not see. */
const SHARE = 0.1;

/** RMSE of the same rows by two trainings, with the 95 % interval of the difference. */
export interface FoldInGap {
  readonly readers: number;
  readonly rows: number;
  /** By a training without any row of these readers, whose training rows are folded in. */
  readonly foldedIn: number;
  /** By a training on all training rows. */
  readonly retrained: number;
  readonly low: number;
  readonly high: number;
}

/** Holds out a share of the readers of the shipped data whole, and measures what fold-in loses against a full retrain. */
export async function foldInGap(given: Partial<Settings> = {}): Promise<FoldInGap> {
  const settings = { ...settingsSchema.parse({}), ...given };
  const { signal } = new AbortController();
  const log = createLog({ level: 'silent', format: 'auto' });
  const { dataset } = await readData(settings, { log, signal });
  const { split } = splitToLearn(dataset, settings);
  const { ratings, readers } = dataset;
  const isLate = readers.ids.map((id) => hashedBelow(`late reader ${id}`, SHARE));
  const ofLate = (row: number): boolean => isLate[ratings.reader[row] ?? 0] === true;
  const known = new Set(split.train.filter(ofLate).map((row) => ratings.reader[row] ?? 0));
  const test = split.test.filter((row) => known.has(ratings.reader[row] ?? -1));
  const value = Float64Array.from(test, (row) => ratings.value[row] ?? Number.NaN);
  const inputs = readerInputs(dataset, split.train);
  const errorsOf = async (rows: Int32Array): Promise<Float64Array> => {
    const { model } = await learn(dataset, rows, { ...settings, signal });
    const predicted = predictions(model, latentRows(model, inputs, dataset, test));
    return squaredErrors(predicted.mean, value);
  };
  const folded = await errorsOf(split.train.filter((row) => !ofLate(row)));
  const retrained = await errorsOf(split.train);
  const [difference] = pairedBootstrap([folded, retrained], [rmseDifference(0, 1)], { seed: 1 });
  if (difference === undefined) throw new Error('no difference of the two trainings');
  return {
    readers: known.size,
    rows: test.length,
    foldedIn: Math.sqrt(mean([...folded])),
    retrained: Math.sqrt(mean([...retrained])),
    low: difference.low,
    high: difference.high,
  };
}
