import type { DataReport } from '../../contracts/data-report.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import type { RunRecord } from '../../contracts/run.ts';
import { signalNames } from '../../model/interest/interest-model.ts';
import type { TrainedModel } from '../../model/trained-model.ts';
import { calibrationChart, pitChart } from './charts.ts';
import { markdownOf } from './markdown.ts';

/** What a card is made from. */
export interface CardInput {
  readonly manifest: Manifest;
  readonly data: DataReport;
  readonly settings: ModelCard['settings'];
  readonly run: Pick<RunRecord, 'seconds' | 'memoryMiB' | 'start'>;
  readonly model: TrainedModel;
  readonly peakMemoryMiB: number;
}

/** Distance from the nominal coverage from which on a card calls it a gap. */
const COVERAGE_GAP = 0.02;

/** The card of a version that is about to be published. */
export function modelCard(input: CardInput): ModelCard {
  const { manifest, data, settings, run, model, peakMemoryMiB } = input;
  const { metrics } = manifest;
  const card = {
    format: 1,
    version: manifest,
    data: { ...data, findings: data.findings.map((found) => ({ ...found, examples: [] })) },
    settings,
    start: run.start,
    interest: interestOf(model),
    seconds: { ...run.seconds },
    memoryMiB: { ...run.memoryMiB },
    peakMemoryMiB,
    charts: {
      calibration: calibrationChart([
        { name: 'all rows', coverage: metrics.model.coverage },
        ...metrics.bySpread,
      ]),
      pit: pitChart(metrics.model.pit),
    },
    gaps: gapsOf(manifest),
  } as const;
  return { ...card, markdown: markdownOf(card) };
}

function interestOf({ books, interest: { weights } }: TrainedModel): ModelCard['interest'] {
  const signals = [...signalNames(books.labels.families), 'intercept'];
  return signals.map((signal, n) => ({
    signal,
    weight: weights.mean[n] ?? 0,
    sd: Math.sqrt(weights.cov[n * (signals.length + 1)] ?? 0),
  }));
}

/** What the figures say, and what no figure says. */
function gapsOf({ metrics, model, counts }: Manifest): string[] {
  const gaps: string[] = [];
  for (const { name, rows, coverage } of [
    { name: 'all rows', rows: metrics.testRows, coverage: metrics.model.coverage },
    ...metrics.bySpread,
    ...metrics.byReaderRatings.map((slice) => ({
      ...slice,
      name: `readers with ${slice.name} ratings`,
    })),
    ...metrics.byBookRatings.map((slice) => ({
      ...slice,
      name: `books with ${slice.name} ratings`,
    })),
    ...metrics.byActivity,
  ]) {
    // a few rows are off by chance alone
    const chance = 2 * Math.sqrt((0.95 * 0.05) / rows);
    if (Math.abs(coverage.p95 - 0.95) <= Math.max(COVERAGE_GAP, chance)) continue;
    gaps.push(
      `The 95 % interval holds ${(100 * coverage.p95).toFixed(1)} % of the ratings of: ${name} (${rows} rows).`,
    );
  }
  const { rmseVsBias, ndcg10VsPopularity } = metrics.differences;
  if (rmseVsBias.high > 0)
    gaps.push('Not surely more exact than biases of readers and books alone.');
  if (ndcg10VsPopularity === null) {
    gaps.push(
      'Lists could not be measured: no reader with training ratings has relevant held-out books.',
    );
  } else if (ndcg10VsPopularity.low < 0) gaps.push('Lists are not surely better than popularity.');
  if (model.effectiveRank === 0) {
    gaps.push(
      'No latent factors: these data show no taste beyond that for labels such as authors.',
    );
  }
  if (counts.listedBooks < counts.books) {
    gaps.push(
      `${counts.books - counts.listedBooks} books without a catalogue entry are never listed.`,
    );
  }
  gaps.push(
    'The figures are of the model before it took in the held-out ratings; those of the served one cannot be measured.',
    'Held-out ratings are of books that readers chose to rate; books that they would not have chosen may please them less.',
  );
  return gaps;
}
