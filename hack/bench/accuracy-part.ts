import {
  type Coverage,
  type Metrics,
  metricsSchema,
  type Ranking,
} from '../../src/contracts/metrics.ts';
import { runBookrec, shown } from './bookrec-process.ts';
import { foldInGap } from './fold-in-gap.ts';
import { type Figure, type Part, type Rows, atLeast, atMost, mean, number } from './part.ts';

const SEEDS = [1, 2, 3];
const LIMITS = { rmse: 1.55, mae: 1.175 };
const CORE_LIMITS = { rmse: 1.462, mae: 1.095 };
const DNLL = 1.7;
/** Of the default list for readers with a training row, the first seed. */
const RANKING = { ndcg10: 0.054, recall20: 0.098 };
/** RMSE by which readers who are folded in may be behind those who were trained. */
const FOLD_IN = 0.002;
/** Largest distance of a coverage from its nominal share, over all rows and in a quarter of them. */
const ALL_ROWS = 0.01;
const QUARTER = 0.02;
const NOMINAL = { p50: 0.5, p80: 0.8, p90: 0.9, p95: 0.95 } as const;
const SHARES = Object.keys(NOMINAL) as Array<keyof typeof NOMINAL>; // `Object.keys` forgets the keys' type.

/** Metrics of one seed. */
interface Measured {
  readonly seed: number;
  readonly metrics: Metrics;
}

/** Coverage of the same rows for each seed. */
interface Covered {
  readonly name: string;
  /** Test rows, mean of the seeds. */
  readonly rows: number;
  readonly bySeed: readonly Coverage[];
}

/** Measures held-out rows for each seed; `ratings` is how many the data have, null if not known. */
export async function accuracyPart(
  ratings: number | null,
  { folder, quick }: { readonly folder: string; readonly quick: boolean },
): Promise<Part> {
  const { all, command } = await measured([], { folder, quick });
  const core = await measured(['--core', '5'], { folder, quick });
  const gap = await foldInGap(quick ? { sweeps: 2 } : {});
  const overall = {
    name: 'all rows',
    rows: mean(all.map(({ metrics }) => metrics.testRows)),
    bySeed: all.map(({ metrics }) => metrics.model.coverage),
  };
  const quarters = groupsOf(all, ({ bySpread }) => bySpread);
  return {
    title: 'Accuracy and coverage',
    figures: [
      ...errorFigures('all ratings', all, command, LIMITS),
      ...errorFigures('5-core', core.all, core.command, CORE_LIMITS),
      dnllFigure(all, command),
      ...rankingFigures(all[0]),
      ...rowFigures(all, ratings, command),
      coverageFigure('coverage 50/80/90/95 %, all rows', [overall], ALL_ROWS, command),
      coverageFigure('coverage by quarter of predicted spread', quarters, QUARTER, command),
      atMost({
        what: 'RMSE of readers folded in, less that of a full retrain, same rows',
        command: 'node_modules/.bin/node hack/bench.ts --only accuracy',
        value: gap.foldedIn - gap.retrained,
        limit: FOLD_IN,
        digits: 4,
        note: `${number(gap.foldedIn, 4)} less ${number(gap.retrained, 4)}; 95 % interval ${number(gap.low, 4)} to ${number(gap.high, 4)}`,
      }),
    ],
    notes: [
      'Random 10 % held out; definitions in [metrics.md](metrics.md). 5-core: readers and books with 5 ratings each, filtered again and again before the split.',
      `Fold-in: seed 1 without any row of ${number(gap.readers)} readers in training, a tenth of those with training rows; then their training rows are folded in, and ${number(gap.rows)} of their test rows predicted.`,
    ],
    details: [
      { title: 'By seed', rows: seedRows(all) },
      { title: 'By seed, 5-core', rows: seedRows(core.all) },
      {
        title: 'Coverage less nominal: mean of the seeds (that of the worst seed)',
        rows: coverageRows([overall, ...quarters]),
      },
      {
        title: 'The same by ratings of the reader and the book in training',
        rows: coverageRows(groupsOf(all, ({ byActivity }) => byActivity)),
      },
    ],
  };
}

/** Metrics of each seed, with the command that gives them. */
async function measured(
  extra: readonly string[],
  { folder, quick }: { readonly folder: string; readonly quick: boolean },
): Promise<{ all: Measured[]; command: string }> {
  const args = (seed: number | string): string[] => [
    ...evaluateArgs(seed),
    ...extra,
    ...(quick ? ['--sweeps', '2'] : []),
  ];
  const seeds = quick ? SEEDS.slice(0, 1) : SEEDS;
  const all: Measured[] = [];
  for (const seed of seeds) {
    const { stdout } = await runBookrec(args(seed), folder);
    all.push({ seed, metrics: metricsSchema.parse(JSON.parse(stdout)) });
  }
  return { all, command: `for S in ${seeds.join(' ')}; do ${shown(args('$S'))}; done` };
}

function evaluateArgs(seed: number | string): string[] {
  return ['evaluate', '--split', 'random', '--held-out', '10%', '--seed', String(seed), '--json'];
}

function dnllFigure(all: readonly Measured[], command: string): Figure {
  return atMost({
    what: 'negative log probability of the level (dNLL), all ratings, mean of seeds',
    command,
    value: mean(all.map(({ metrics }) => metrics.model.dnll)),
    limit: DNLL,
    digits: 4,
  });
}

/** Ranking over the whole catalogue on one seed; none where none was measured. */
function rankingFigures(measured: Measured | undefined): Figure[] {
  if (measured === undefined) return [];
  const { seed, metrics } = measured;
  const { model, baselines } = metrics;
  const command = shown(evaluateArgs(seed));
  const figure = (name: string, of: (ranking: Ranking) => number, limit: number): Figure =>
    atLeast({
      what: `${name} of the default list over the whole catalogue, seed ${seed}`,
      command,
      value: of(model.ranking),
      limit,
      digits: 4,
      note: `popularity ${number(of(baselines.popularity), 4)}; ${number(model.ranking.readers)} readers`,
    });
  return [
    figure('NDCG@10', ({ ndcg10 }) => ndcg10, RANKING.ndcg10),
    figure('Recall@20', ({ recall20 }) => recall20, RANKING.recall20),
  ];
}

function errorFigures(
  which: string,
  all: readonly Measured[],
  command: string,
  limits: { readonly rmse: number; readonly mae: number },
): Figure[] {
  const average = (of: (metrics: Metrics) => number): number =>
    mean(all.map(({ metrics }) => of(metrics)));
  const note = (bias: number): string => `bias-only ${number(bias, 4)}`;
  const worst = Math.max(...all.map(({ metrics }) => metrics.differences.rmseVsBias.high));
  return [
    atMost({
      what: `held-out RMSE, ${which}, mean of seeds`,
      command,
      value: average(({ model }) => model.rmse),
      limit: limits.rmse,
      digits: 4,
      note: note(average(({ baselines }) => baselines.bias.rmse)),
    }),
    atMost({
      what: `held-out MAE, ${which}, mean of seeds`,
      command,
      value: average(({ model }) => model.mae),
      limit: limits.mae,
      digits: 4,
      note: note(average(({ baselines }) => baselines.bias.mae)),
    }),
    {
      what: `RMSE less that of bias-only, ${which}: upper end of the 95 % bootstrap interval, worst seed`,
      asked: 'below 0',
      measured: number(worst, 4),
      reached: worst < 0,
      command,
    },
  ];
}

/** A test row without a finite prediction ends the evaluation; here the rows are counted. */
function rowFigures(all: readonly Measured[], ratings: number | null, command: string): Figure[] {
  const rowsOf = (slices: Metrics['bySpread']): number =>
    slices.reduce((sum, { rows }) => sum + rows, 0);
  const coldOf = (slices: Metrics['bySpread']): number =>
    slices.find(({ name }) => name === '0')?.rows ?? 0;
  const total = (of: (metrics: Metrics) => number): number =>
    all.reduce((sum, { metrics }) => sum + of(metrics), 0);
  const whole = all.every(
    ({ metrics: { trainRows, testRows, bySpread, byReaderRatings, byBookRatings } }) =>
      [bySpread, byReaderRatings, byBookRatings].every((slices) => rowsOf(slices) === testRows) &&
      (ratings === null || trainRows + testRows === ratings),
  );
  const predicted = number(total(({ bySpread }) => rowsOf(bySpread)));
  const readers = number(total(({ byReaderRatings }) => coldOf(byReaderRatings)));
  const books = number(total(({ byBookRatings }) => coldOf(byBookRatings)));
  return [
    {
      what: 'test rows predicted, all seeds',
      asked: 'every one',
      measured: `${predicted} of ${number(total(({ testRows }) => testRows))} (${readers} of cold readers, ${books} of cold books)`,
      reached: whole,
      command,
    },
  ];
}

/** Coverage of the slices that all seeds have. */
function groupsOf(
  all: readonly Measured[],
  slicesOf: (metrics: Metrics) => Metrics['bySpread'],
): Covered[] {
  const bySeed = all.map(({ metrics }) => slicesOf(metrics));
  return (bySeed[0] ?? []).flatMap(({ name }) => {
    const found = bySeed.flatMap((slices) => slices.find((slice) => slice.name === name) ?? []);
    if (found.length < all.length) return [];
    const rows = mean(found.map((slice) => slice.rows));
    return [{ name, rows, bySeed: found.map(({ coverage }) => coverage) }];
  });
}

const deviations = ({ bySeed }: Covered, share: keyof Coverage): number[] =>
  bySeed.map((coverage) => coverage[share] - NOMINAL[share]);

const farthest = (values: readonly number[]): number =>
  values.reduce((worst, value) => (Math.abs(value) > Math.abs(worst) ? value : worst), 0);

function coverageFigure(
  name: string,
  groups: readonly Covered[],
  limit: number,
  command: string,
): Figure {
  const largest = (of: (values: readonly number[]) => number): number =>
    Math.abs(
      farthest(groups.flatMap((group) => SHARES.map((share) => of(deviations(group, share))))),
    );
  return atMost({
    what: `${name}: largest distance from nominal, mean of seeds`,
    command,
    value: largest(mean),
    limit,
    digits: 4,
    note: `worst seed ${number(largest(farthest), 4)}`,
  });
}

function coverageRows(groups: readonly Covered[]): Rows {
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${number(value, 4)}`;
  const cell = (values: readonly number[]): string =>
    `${signed(mean(values))} (${signed(farthest(values))})`;
  return [
    ['test rows', 'of a seed', ...SHARES.map((share) => `${NOMINAL[share] * 100} %`)],
    ...groups.map((group) => [
      group.name,
      number(group.rows),
      ...SHARES.map((share) => cell(deviations(group, share))),
    ]),
  ];
}

function seedRows(all: readonly Measured[]): Rows {
  return [
    ['seed', 'RMSE', 'bias-only', 'difference, 95 % interval', 'MAE', 'bias-only', 'dNLL', 'CRPS'],
    ...all.map(({ seed, metrics: { model, baselines, differences } }) => {
      const { value, low, high } = differences.rmseVsBias;
      const [difference, from, to] = [value, low, high].map((end) => number(end, 4));
      return [
        String(seed),
        number(model.rmse, 4),
        number(baselines.bias.rmse, 4),
        `${difference ?? ''} (${from ?? ''} to ${to ?? ''})`,
        number(model.mae, 4),
        number(baselines.bias.mae, 4),
        number(model.dnll, 4),
        number(model.crps, 4),
      ];
    }),
  ];
}
