import type { Interval, Slice } from '../../contracts/metrics.ts';
import type { ModelCard } from '../../contracts/model-card.ts';

/** The card as Markdown; texts of the data cannot become markup. */
export function markdownOf(card: Omit<ModelCard, 'markdown'>): string {
  const { version, data, settings, start, interest, peakMemoryMiB, gaps } = card;
  const { metrics, model, counts } = version;
  const { differences, baselines } = metrics;
  const from = start?.version ?? null;
  return `# Model card: ${plain(version.version)}

Ratings of ${plain(version.dataset)} data, published ${version.createdAt} by run ${plain(version.runId)}. Trained ${from === null ? 'from nothing' : `from version ${plain(from)}`}. Content hash \`${plain(version.contentHash)}\`.

## Accuracy on held-out ratings
${metrics.testRows} of ${metrics.testRows + metrics.trainRows} ratings held out, ${plain(metrics.split)}. Differences have 95 % intervals by paired bootstrap.

${table(
  ['', 'model', 'biases alone', 'global mean', 'model less biases'],
  [
    [
      'RMSE',
      metrics.model.rmse,
      baselines.bias.rmse,
      baselines.globalMean.rmse,
      interval(differences.rmseVsBias),
    ],
    [
      'MAE',
      metrics.model.mae,
      baselines.bias.mae,
      baselines.globalMean.mae,
      interval(differences.maeVsBias),
    ],
  ],
)}

${table(
  ['', 'lists', 'popularity', 'lists less popularity'],
  [
    [
      'NDCG@10',
      metrics.model.ranking.ndcg10,
      baselines.popularity.ndcg10,
      interval(differences.ndcg10VsPopularity),
    ],
    [
      'Recall@20',
      metrics.model.ranking.recall20,
      baselines.popularity.recall20,
      interval(differences.recall20VsPopularity),
    ],
  ],
)}

${table(
  ['', ''],
  [
    ['readers ranked for', metrics.model.ranking.readers],
    ['dNLL, nats', metrics.model.dnll],
    ['CRPS', metrics.model.crps],
    ['width of the 95 % interval', metrics.model.width95],
    ['share of the catalogue in top tens', metrics.model.ranking.catalogueCoverage],
  ],
)}

## Calibration
Share of held-out ratings within the 50, 80, 90 and 95 % intervals, by predicted spread and by how many ratings of reader and book were known; in brackets without the conformal repair.

${table(
  ['', 'rows', 'RMSE', '50 %', '80 %', '90 %', '95 %'],
  [
    coverageRow({
      ...metrics.model,
      name: 'all rows',
      rows: metrics.testRows,
    }),
    ...metrics.bySpread.map(coverageRow),
    ...metrics.byReaderRatings.map((slice) =>
      coverageRow({ ...slice, name: `readers with ${slice.name} ratings` }),
    ),
    ...metrics.byBookRatings.map((slice) =>
      coverageRow({ ...slice, name: `books with ${slice.name} ratings` }),
    ),
    ...metrics.byActivity.map(coverageRow),
  ],
)}

![Calibration: share of held-out ratings within the intervals](calibration.svg)

![PIT histogram: even where the predicted distributions are right](pit.svg)

## What readers pick up by
${table(
  ['signal', 'weight', 'sd'],
  interest.map(({ signal, weight, sd }) => [signal, weight, sd]),
)}

## Data
${counts.readers} readers, ${counts.books} books (${counts.listedBooks} in the catalogue), ${counts.ratings} ratings, ${counts.interactions} interactions without a rating. Scale ${version.scale.levels.join(', ')}.

${table(
  ['file', 'rows', 'bad rows'],
  data.files.map(({ name, rows, badRows }) => [name, rows, badRows]),
)}

${table(
  ['found', 'what was done', 'times'],
  data.findings.map(({ kind, action, count }) => [kind, action, count]),
)}

## Settings and training
${table(['setting', 'value'], Object.entries(settings))}

${table(
  ['', ''],
  [
    ['effective rank', model.effectiveRank],
    ['sweeps', model.sweeps],
    ['bound, nats', model.elbo],
    ['noise, rating units', model.noiseSd],
    ['peak memory, MiB', peakMemoryMiB],
  ],
)}

${table(
  ['phase', 'seconds', 'most memory, MiB'],
  Object.entries(card.seconds).map(([phase, value]) => [
    phase,
    value,
    card.memoryMiB[phase] ?? 'not measured',
  ]),
)}

## Known gaps
${gaps.map((gap) => `- ${plain(gap)}`).join('\n')}
`;
}

type Cell = string | number;

function coverageRow({ name, rows, rmse, coverage, rawCoverage }: Slice): Cell[] {
  const percent = (share: number): string => (100 * share).toFixed(1);
  const shares = (['p50', 'p80', 'p90', 'p95'] as const).map((p) => {
    const raw = rawCoverage === undefined ? '' : ` (${percent(rawCoverage[p])})`;
    return `${percent(coverage[p])}${raw}`;
  });
  return [name, rows, rmse, ...shares];
}

function interval(given: Interval | null): string {
  if (given === null) return 'not measured';
  const [value, low, high] = [given.value, given.low, given.high].map((number) =>
    number.toFixed(4),
  );
  return `${value} (${low} to ${high})`;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
  if (rows.length === 0) return `Nothing ${head[0] ?? ''}.`;
  const line = (cells: readonly Cell[]): string => `| ${cells.map(shown).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function shown(cell: Cell): string {
  if (typeof cell === 'string') return cell === '---' ? cell : plain(cell);
  return Number.isInteger(cell) ? String(cell) : cell.toFixed(4);
}

/** A text that Markdown and HTML take for nothing else. */
function plain(text: string): string {
  return text
    .replaceAll(/[&<>|\\`[\]]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll(/\s+/g, ' ');
}
