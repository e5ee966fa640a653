import type {
  Accuracy,
  Coverage,
  Interval,
  Metrics,
  Ranking,
  Slice,
} from '../../contracts/metrics.ts';

/** The report as a page of text. */
export function formatMetrics(metrics: Metrics): string {
  const { model, baselines, differences } = metrics;
  return [
    `Split: ${metrics.split}; ${metrics.trainRows} rows to learn from, ${metrics.testRows} held out`,
    '',
    accuracyLine('model', model),
    accuracyLine('bias only', baselines.bias),
    accuracyLine('global mean', baselines.globalMean),
    `model minus bias only: RMSE ${intervalText(differences.rmseVsBias)}, MAE ${intervalText(differences.maeVsBias)}`,
    `dNLL ${model.dnll.toFixed(4)}  CRPS ${model.crps.toFixed(4)}  mean width of the 95 % interval ${model.width95.toFixed(2)}`,
    '',
    'coverage of intervals       50 %   80 %   90 %   95 %   without the repair',
    coverageLine({ name: 'all', ...model }),
    ...metrics.bySpread.map(coverageLine),
    ...metrics.byReaderRatings.map((slice) =>
      coverageLine({ ...slice, name: `readers ${slice.name}` }),
    ),
    ...metrics.byBookRatings.map((slice) =>
      coverageLine({ ...slice, name: `books ${slice.name}` }),
    ),
    ...metrics.byActivity.map(coverageLine),
    '',
    rankingLine('balanced', model.ranking),
    ...Object.entries(model.policies).flatMap(([name, figures]) =>
      figures === undefined ? [] : [rankingLine(name, figures)],
    ),
    rankingLine('popularity', baselines.popularity),
  ].join('\n');
}

function accuracyLine(name: string, { rmse, mae }: Accuracy): string {
  return `${name.padEnd(12)} RMSE ${rmse.toFixed(4)}  MAE ${mae.toFixed(4)}`;
}

function intervalText({ value, low, high }: Interval): string {
  return `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}

function coverageLine({
  name,
  coverage,
  rawCoverage,
}: Pick<Slice, 'name' | 'coverage' | 'rawCoverage'>): string {
  const shares = ({ p50, p80, p90, p95 }: Coverage): string =>
    [p50, p80, p90, p95].map((share) => share.toFixed(3)).join('  ');
  const raw = rawCoverage === undefined ? '' : `   ${shares(rawCoverage)}`;
  return `${name.padEnd(26)} ${shares(coverage)}${raw}`;
}

function rankingLine(name: string, ranking: Ranking): string {
  const { ndcg10, recall20, mrr, catalogueCoverage, novelty, readers } = ranking;
  return [
    `${name.padEnd(12)} NDCG@10 ${ndcg10.toFixed(4)}  Recall@20 ${recall20.toFixed(4)}  MRR ${mrr.toFixed(4)}`,
    `catalogue ${(100 * catalogueCoverage).toFixed(1)} %  novelty ${novelty.toFixed(2)}  (${readers} readers)`,
  ].join('  ');
}
