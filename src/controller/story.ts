import {
  type Backend,
  type Decision,
  type Figures,
  figuresOf,
  type Progress,
  type RunRecord,
  summarySchema,
} from '../contracts/run.ts';
import type { DataReport } from '../contracts/data-report.ts';

/** What is known of a training, from its record in the store or from its last words. */
export interface Story {
  readonly state: RunRecord['state'];
  readonly progress: Progress;
  /** What was read, in words; null before the data are read. */
  readonly data: string | null;
  readonly figures: Omit<Figures, 'version'> | null;
  readonly live: Figures | null;
  readonly decision: Pick<Decision, 'reason' | 'message'> | null;
  /** Set once it is live. */
  readonly version: string | null;
  readonly backend: Backend | null;
  readonly error: RunRecord['error'];
}

export function storyOfRecord(record: RunRecord): Story {
  const { progress, data, metrics, live, decision, version, backend } = record;
  // Whether a silent trainer is lost is for its Job to say.
  const lost = record.state === 'lost';
  return {
    state: lost ? 'running' : record.state,
    progress,
    data: data === null ? null : dataInWords(data),
    figures: metrics === null ? null : figuresOf(metrics, record.effectiveRank ?? Number.NaN),
    live,
    decision,
    version,
    backend,
    error: lost ? null : record.error,
  };
}

function dataInWords({ format, counts, files }: DataReport): string {
  const bad = files.reduce((sum, { badRows }) => sum + badRows, 0);
  const { ratings, readersWithRatings, books } = counts;
  return `${format}: ${ratings} ratings by ${readersWithRatings} readers, ${books} books, ${bad} bad rows set aside`;
}

/** Reads a termination message; null where it is none of the trainer's. */
export function storyOfSummary(message: string): Story | null {
  const parsed = summarySchema.safeParse(jsonOf(message));
  if (!parsed.success) return null;
  const { state, progress, live, version, backend, error, reason, message: why } = parsed.data;
  const { rmse, mae, ndcg10, coverage95, effectiveRank = Number.NaN } = parsed.data;
  const measured =
    rmse !== undefined && mae !== undefined && ndcg10 !== undefined && coverage95 !== undefined;
  return {
    state,
    progress,
    data: progress.phase === 'ingest' ? null : 'The data were read',
    figures: measured ? { rmse, mae, ndcg10, coverage95, effectiveRank } : null,
    live,
    decision: reason === undefined ? null : { reason, message: why ?? '' },
    version,
    backend,
    error,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
