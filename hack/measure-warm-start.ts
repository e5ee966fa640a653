/**
 * Prints the table of docs/model.md 3.9: a training on a part of the shipped data, then on all of them, from nothing and from
 * the older training. `node hack/measure-warm-start.ts [SEED]`
 */
import { hashedBelow } from '../src/batch/evaluate/split.ts';
import { type Learned, learn, type LearnOptions } from '../src/batch/learn.ts';
import { measure } from '../src/batch/measure.ts';
import { readData, splitToLearn } from '../src/batch/prepare.ts';
import { packStart, unpackStart } from '../src/batch/train/start-point.ts';
import { settingsSchema } from '../src/contracts/settings.ts';
import { createLog } from '../src/runtime/log.ts';

const seed = Number(process.argv[2] ?? 1);
const settings = { ...settingsSchema.parse({}), seed };
const { signal } = new AbortController();
const log = createLog({ level: 'silent', format: 'auto' });
const { dataset } = await readData(settings, { log, signal });
const { split, splitName } = splitToLearn(dataset, settings);

// 4 % of the readers, 3 % of the books and 3.5 % of the other rows come later: 90 % of the rows are left
const { ratings, readers, books } = dataset;
const newReader = readers.ids.map((id) => hashedBelow(`new reader ${id}`, 0.04));
const newBook = books.ids.map((id) => hashedBelow(`new book ${id}`, 0.03));
const early = split.train.filter((row) => {
  const [u, i] = [ratings.reader[row] ?? 0, ratings.book[row] ?? 0];
  return newReader[u] === false && newBook[i] === false && !hashedBelow(`new row ${row}`, 0.035);
});

async function training(
  name: string,
  rows: Int32Array,
  options: Partial<LearnOptions> = {},
): Promise<Learned> {
  const learned = await learn(dataset, rows, { ...settings, signal, ...options });
  const task = { dataset, split, splitName, seed };
  const { metrics } = await measure(learned.model, task, { threads: 0, signal });
  const { model } = metrics;
  const figures = [model.rmse, model.mae, model.dnll].map((figure) => figure.toFixed(4));
  process.stdout.write(`| ${[name, learned.chosen.report.sweep, ...figures].join(' | ')} |\n`);
  return learned;
}

process.stdout.write(`${early.length} of ${split.train.length} rows first\n`);
const older = await training('the older training', early);
const point = unpackStart(packStart(older.chosen.start));
if (point === null) throw new Error('the start point is of another format');
const start = {
  point,
  onMisfit: (reasons: readonly string[]) => {
    throw new Error(reasons.join('; '));
  },
};
await training('from nothing', split.train);
await training('from nothing, stopped', split.train, { sweeps: 5 });
await training('from the older training, stopped', split.train, { start, sweeps: 3 });
await training('from the older training, to its own end', split.train, { start });
