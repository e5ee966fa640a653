import { writeFileSync } from 'node:fs';
import { figuresOf, type Progress, type RunRecord, type Summary } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { peakMemoryMiB, PhaseMemory } from './peak-memory.ts';

/** Least time between two writes of mere progress. */
const SECONDS_BETWEEN_WRITES = 1;
/** Largest summary: what a container's termination message holds. */
const SUMMARY_BYTES = 4096;

type Phase = Progress['phase'];

/** Writes the story of a run to the store while it goes on: phases, progress, outcome. */
export class RunRecorder {
  record: RunRecord;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #memory = new PhaseMemory();
  #phaseStart: number;
  #lastWrite: number;

  constructor(id: string, store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#phaseStart = clock.seconds();
    this.#lastWrite = -Infinity;
    this.record = newRecord(id, clock.now().toISOString());
  }

  /** Ends the present phase and starts the next; sweeps are counted through all of them. */
  async phase(phase: Phase): Promise<void> {
    this.#closePhase();
    this.record.progress = { ...this.record.progress, phase, secondsLeft: null };
    await this.#write();
  }

  /** Progress within a phase; written once a second at most. */
  async progress(progress: Omit<Progress, 'phase'>): Promise<void> {
    this.#memory.look();
    this.record.progress = { phase: this.record.progress.phase, ...progress };
    if (this.#clock.seconds() - this.#lastWrite >= SECONDS_BETWEEN_WRITES) await this.#write();
  }

  /** Seconds since the phase began. */
  elapsed(): number {
    return this.#clock.seconds() - this.#phaseStart;
  }

  /** The end, well or not. */
  async finish(state: RunRecord['state'], error: unknown = null): Promise<void> {
    this.#closePhase();
    const { progress } = this.record;
    if (error === null) this.record.progress = { ...progress, phase: 'done', of: progress.sweep };
    close(this.record, state, error, this.#clock);
    await this.#write();
  }

  #closePhase(): void {
    const { phase } = this.record.progress;
    const seconds = (this.record.seconds[phase] ?? 0) + this.elapsed();
    this.record.seconds[phase] = Math.round(seconds * 1000) / 1000;
    this.record.memoryMiB[phase] = Math.max(this.record.memoryMiB[phase] ?? 0, this.#memory.next());
    this.#phaseStart = this.#clock.seconds();
  }

  async #write(): Promise<void> {
    this.record.updatedAt = this.#clock.now().toISOString();
    this.#lastWrite = this.#clock.seconds();
    await this.#store.putRun(this.record);
  }
}

/** The record of a run that starts at `now`. */
export function newRecord(id: string, now: string): RunRecord {
  return {
    id,
    state: 'running',
    startedAt: now,
    updatedAt: now,
    finishedAt: null,
    contentHash: null,
    version: null,
    progress: {
      phase: 'ingest',
      sweep: 0,
      of: 0,
      elbo: null,
      heldOutRmse: null,
      secondsLeft: null,
    },
    data: null,
    backend: null,
    start: null,
    resumedAt: null,
    metrics: null,
    effectiveRank: null,
    live: null,
    decision: null,
    seconds: {},
    memoryMiB: {},
    peakMemoryMiB: null,
    warnings: [],
    error: null,
  };
}

/** Name of a run or version that starts now. */
export function idAt(clock: Clock): string {
  return clock.now().toISOString().replaceAll(/[-:.]/g, '').toLowerCase();
}

/** Writes the summary of a training whose store could not be opened, so that it has last words like any other. */
export function summarizeFailedStart(
  { summary, runId }: Pick<Settings, 'summary' | 'runId'>,
  error: unknown,
  log: Log,
): void {
  const record = newRecord(runId ?? idAt(systemClock), systemClock.now().toISOString());
  close(record, 'failed', error, systemClock);
  writeSummary(summary, record, log);
}

function close(record: RunRecord, state: RunRecord['state'], error: unknown, clock: Clock): void {
  record.state = state;
  record.finishedAt = clock.now().toISOString();
  record.peakMemoryMiB = peakMemoryMiB();
  record.error = error === null ? null : describe(error);
}

function describe(error: unknown): NonNullable<RunRecord['error']> {
  if (error instanceof AppError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  return {
    code: 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    hint: 'Report this as a bug, with the log.',
  };
}

/**
 * Writes the run's last summary where there is a file for it, JSON of 4096 bytes at most: a long error message is cut short. Only warns if the file
 * cannot be written, since that must neither hide what stopped the run nor undo a publication.
 */
export function writeSummary(file: string | undefined, record: RunRecord, log: Log): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, summaryOf(record));
  } catch (error) {
    log.warn({ err: error }, 'the summary could not be written');
  }
}

function summaryOf(record: RunRecord): string {
  const { id, state, version, decision, metrics, error } = record;
  const { live, backend, progress, seconds, peakMemoryMiB } = record;
  const summary: Summary = {
    id,
    state,
    version,
    published: version !== null,
    ...(decision && { reason: decision.reason, message: decision.message }),
    ...(metrics && figuresOf(metrics, record.effectiveRank ?? 0)),
    live,
    backend,
    progress,
    seconds,
    peakMemoryMiB,
    error,
  };
  const text = JSON.stringify(summary);
  if (Buffer.byteLength(text) <= SUMMARY_BYTES || error === null) return text;
  // a character takes six bytes at most in JSON
  const cut = (words: string): string => words.slice(0, SUMMARY_BYTES / 20);
  const short = { ...error, message: cut(error.message), hint: cut(error.hint) };
  return JSON.stringify({ ...summary, error: short });
}
