/**
 * Prints what docs/model.md 4 compares models by: seeds 2 and 3, all rows and the 5-core, a tenth of the training rows held out
 * anew. Test rows are not looked at. `node hack/measure-choices.ts [--fit-to KIND] [--links SIDE] [SET ..]`, sets all2, all3, core2 and core3.
 */
import { parseArgs } from 'node:util';
import { accuracy, dnll, levelIndices } from '../src/batch/evaluate/metrics.ts';
import { hashedBelow } from '../src/batch/evaluate/split.ts';
import { learn } from '../src/batch/learn.ts';
import { readData, splitToLearn } from '../src/batch/prepare.ts';
import { latentRows, predictions } from '../src/batch/recommend/predict-rows.ts';
import { readerInputs } from '../src/batch/recommend/reader-inputs.ts';
import { settingsSchema } from '../src/contracts/settings.ts';
import { createLog } from '../src/runtime/log.ts';

const { values, positionals } = parseArgs({
  options: { 'fit-to': { type: 'string' }, links: { type: 'string' } },
  allowPositionals: true,
});
const sets = positionals.length > 0 ? positionals : ['all2', 'all3', 'core2', 'core3'];
const given = settingsSchema.parse({ fitTo: values['fit-to'], links: values.links });
const { signal } = new AbortController();
const log = createLog({ level: 'silent', format: 'auto' });
const { dataset } = await readData(given, { log, signal });
const { ratings, readers, books, levels } = dataset;

process.stdout.write(
  '| set | RMSE / MAE / dNLL | sweeps | CPU seconds |\n| --- | --- | --- | --- |\n',
);
for (const set of sets) {
  const seed = Number(set.slice(-1));
  const core = set.startsWith('core') ? 5 : 0;
  const settings = { ...given, seed, core, threads: 1 };
  const { train } = splitToLearn(dataset, settings).split;
  const isHeldOut = (row: number): boolean => {
    const [u, i] = [ratings.reader[row] ?? 0, ratings.book[row] ?? 0];
    return hashedBelow(`acc ${seed} ${readers.ids[u] ?? ''}:${books.ids[i] ?? ''}`, 0.1);
  };
  const heldOut = train.filter(isHeldOut);
  const rows = train.filter((row) => !isHeldOut(row));
  const start = process.cpuUsage();
  const { model, chosen } = await learn(dataset, rows, { ...settings, signal });
  const { user, system } = process.cpuUsage(start);
  const predicted = predictions(
    model,
    latentRows(model, readerInputs(dataset, rows), dataset, heldOut),
  );
  const value = Float64Array.from(heldOut, (row) => ratings.value[row] ?? NaN);
  const { rmse, mae } = accuracy(predicted.mean, value);
  const nats = dnll(predicted.pmf, levelIndices(value, levels), levels);
  const figures = [rmse, mae, nats].map((figure) => figure.toFixed(4)).join(' / ');
  const seconds = ((user + system) / 1e6).toFixed(1);
  process.stdout.write(`| ${[set, figures, chosen.report.sweep, seconds].join(' | ')} |\n`);
}
