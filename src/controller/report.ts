import type { RunStatus } from '../contracts/recommender-run.ts';
import type { Figures } from '../contracts/run.ts';
import { cut, type Draft } from './conditions.ts';
import { reasonOfCode } from './reasons.ts';
import type { Story } from './story.ts';

/** How far the share within the 95 % intervals may be off; the chart's alert has the same default. */
const COVERAGE_TOLERANCE = 0.03;

const DIGITS = 5;

/** A decimal string of a few digits; absent where it is no number. */
function decimal(key: string, value: number | null, digits = DIGITS): Record<string, string> {
  return value === null || !Number.isFinite(value) ? {} : { [key]: value.toFixed(digits) };
}

/** Figures of a model as a status holds them. */
export function metricsOf(figures: Omit<Figures, 'version'>): NonNullable<RunStatus['metrics']> {
  return {
    ...decimal('rmse', figures.rmse),
    ...decimal('mae', figures.mae),
    ...decimal('ndcg10', figures.ndcg10),
    ...decimal('coverage95', figures.coverage95),
    ...decimal('effectiveRank', figures.effectiveRank, 2),
  };
}

/** The same of a version. */
export function liveMetricsOf(live: Figures): NonNullable<RunStatus['liveMetrics']> {
  return { ...(live.version !== null && { version: live.version }), ...metricsOf(live) };
}

/** Puts what the trainer tells into the status: progress, figures, and the conditions that follow. */
export function tell(draft: Draft, story: Story): void {
  tellProgress(draft, story);
  const { backend, live, figures, data, version } = story;
  if (backend !== null) {
    draft.set({ backend: { used: backend.used, reason: cut(backend.reason, 1024) } });
  }
  if (live !== null) draft.set({ liveMetrics: liveMetricsOf(live) });
  if (data !== null) draft.say('DataValid', true, ['DataRead', data]);
  if (figures !== null) tellFigures(draft, figures);
  if (version !== null) draft.set({ modelVersion: version });
  tellPublication(draft, story);
}

function tellProgress(draft: Draft, { progress }: Story): void {
  const { phase, sweep, of, elbo, heldOutRmse, secondsLeft } = progress;
  draft.set({
    progress: {
      ...(draft.status.progress?.summary !== undefined && {
        summary: draft.status.progress.summary,
      }),
      phase,
      // Only some phases have sweeps.
      ...(of > 0 && { sweep, of }),
      ...decimal('elbo', elbo, 1),
      ...decimal('heldOutRmse', heldOutRmse),
      ...(secondsLeft !== null && { secondsLeft: Math.max(0, Math.round(secondsLeft)) }),
    },
  });
}

/** The progress in a few words: `train 12/40`. */
export function progressInWords({ progress: { phase, sweep, of } }: Story): string {
  return of > 0 ? `${phase} ${sweep}/${of}` : phase;
}

function tellFigures(draft: Draft, figures: NonNullable<Story['figures']>): void {
  draft.set({ metrics: metricsOf(figures) });
  const { rmse, coverage95 } = figures;
  draft.say('Trained', true, ['Trained', `RMSE ${rmse.toFixed(4)} on held-out ratings`]);
  const off = Math.abs(coverage95 - 0.95) > COVERAGE_TOLERANCE;
  draft.say('Calibrated', !off, [
    off ? 'CoverageOff' : 'CoverageHolds',
    `The 95 % intervals hold ${(100 * coverage95).toFixed(1)} % of the held-out ratings`,
  ]);
}

function tellPublication(draft: Draft, { version, decision, state }: Story): void {
  if (version !== null) {
    const why = decision?.message ?? '';
    draft.say('Published', true, ['Published', `Version ${version} is live. ${why}`.trim()]);
  } else if (decision !== null && REFUSALS.has(decision.reason)) {
    draft.say('Published', false, [
      reasonOfCode(decision.reason.replaceAll('-', '_')),
      decision.message,
    ]);
  } else if (state === 'skipped') {
    draft.say('Published', false, ['Unchanged', UNCHANGED]);
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'worse',
  'not-comparable',
  'below-baseline',
  'policy-never',
]);

export const UNCHANGED = 'The live version has these data and settings; nothing was trained';
