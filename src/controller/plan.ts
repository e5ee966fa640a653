import type { RunStatus } from '../contracts/recommender-run.ts';
import type { Figures } from '../contracts/run.ts';
import { cut, Draft, isFinished, timestamp } from './conditions.ts';
import {
  endOf,
  HELD_ANNOTATION,
  type JobObject,
  type PodObject,
  type RunObject,
} from './objects.ts';
import { complete, fail, failureOfJob, failureOfTrainer } from './outcome.ts';
import { failureOf, hasStarted, isLost, newestOf, type PodEnd, waitOf } from './pods.ts';
import { isHeld, type Turn } from './queue-order.ts';
import { reasonOfCode } from './reasons.ts';
import { liveMetricsOf, metricsOf, progressInWords, tell } from './report.ts';
import { storyOfSummary, type Story } from './story.ts';
import { expiresIn } from './ttl.ts';

/** What the API server, or the lack of something, says against making the Job. */
export interface Refusal {
  readonly reason:
    'CronJobNotFound' | 'CronJobUnknown' | 'JobRejected' | 'JobRefusedForNow' | 'NameConflict';
  readonly message: string;
}

/** What came of flipping the pointer. */
export type Rollback =
  | { readonly kind: 'done'; readonly now: Figures; readonly before: Figures | null }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  | { readonly kind: 'away' | 'no-store'; readonly message: string };

/** All that a plan is made from. */
export interface Observed {
  readonly run: RunObject;
  /** The run's Job, or the one that it reports on. */
  readonly job: JobObject | null;
  readonly pods: readonly PodObject[];
  readonly story: Story | null;
  /** The record could not be asked for. */
  readonly storeAway: boolean;
  readonly turn: Turn;
  readonly refusal: Refusal | null;
  readonly rollback: Rollback | null;
}

export type Action =
  | { readonly kind: 'create-job' | 'roll-back' | 'delete-run' }
  | { readonly kind: 'suspend-job' | 'resume-job'; readonly why: string };

/** What is to be done now, what to say, and when to look again; null for when something changes. */
export interface Plan {
  readonly action: Action | null;
  readonly status: RunStatus;
  readonly lookAgainMs: number | null;
}

/** While a Job is under way its record is read this often: a status must not be older than 5 s, on a busy machine too. */
const ACTIVE_MS = 1000;
/** Waits that end with a change elsewhere, which is watched; this is for the place in the queue, which is not. */
const WAITING_MS = 30_000;
/** Waits for something that is not watched. */
const MISSING_MS = 10_000;
/** How long the record of a completed Job is waited for. */
const PATIENCE_MS = 120_000;

const TERMINAL: ReadonlySet<Refusal['reason']> = new Set(['JobRejected', 'NameConflict']);

/** Decides what to do about one run. Pure: the same observation at the same time gives the same plan. */
export function plan(observed: Observed, now: Date): Plan {
  const { run } = observed;
  const draft = new Draft(run.status, run.metadata.generation, now);
  if (isFinished(run.status)) return planFinished(run, draft, now);
  if (run.status.conditions === undefined) {
    draft.say('Complete', false, ['NotFinished', 'The run has not ended']);
    draft.say('Failed', false, ['NotFinished', 'The run has not failed']);
  }
  if (run.spec === null) {
    return refuse(
      draft,
      'SpecInvalid',
      'This release of the controller does not understand the spec',
    );
  }
  if (run.spec.rollbackTo !== undefined) return planRollback(observed, draft, run.spec.rollbackTo);
  return observed.job === null
    ? planStart(observed, draft)
    : planJob(observed, observed.job, draft, now);
}

const end = (draft: Draft): Plan => ({ action: null, status: draft.status, lookAgainMs: null });
const again = (draft: Draft, lookAgainMs: number): Plan => ({
  action: null,
  status: draft.status,
  lookAgainMs,
});
const act = (draft: Draft, action: Action): Plan => ({
  action,
  status: draft.status,
  lookAgainMs: null,
});

function planFinished(run: RunObject, draft: Draft, now: Date): Plan {
  const left = expiresIn(run, now);
  if (left === 0) return act(draft, { kind: 'delete-run' });
  return { action: null, status: draft.status, lookAgainMs: left };
}

function refuse(draft: Draft, reason: string, message: string): Plan {
  draft.say('Accepted', false, [reason, message]);
  draft.fail(reason, message);
  return end(draft);
}

function planRollback({ run, rollback }: Observed, draft: Draft, version: string): Plan {
  if (run.spec?.suspend === true) return suspended(draft, 'spec.suspend is true');
  if (rollback === null) return act(draft, { kind: 'roll-back' });
  switch (rollback.kind) {
    case 'no-store':
      return refuse(draft, 'NoStore', rollback.message);
    case 'refused':
      draft.say('Accepted', true, ['Accepted', 'The run can be carried out']);
      draft.say('Published', false, [rollback.reason, rollback.message]);
      draft.fail(rollback.reason, rollback.message);
      return end(draft);
    case 'away':
      draft.say('Accepted', true, ['Accepted', 'The run can be carried out']);
      draft.progress(true, 'WaitingForStore', rollback.message, 'waits for the store');
      draft.set({ lastError: rollback.message });
      return again(draft, MISSING_MS);
    case 'done': {
      const message = `Version ${version} is live again`;
      draft.set({ modelVersion: version, metrics: metricsOf(rollback.now) });
      draft.say('Accepted', true, ['Accepted', 'The run can be carried out']);
      if (rollback.before !== null) draft.set({ liveMetrics: liveMetricsOf(rollback.before) });
      draft.say('Published', true, ['RolledBack', message]);
      draft.complete('RolledBack', message);
      return end(draft);
    }
  }
}

/** There is no Job. */
function planStart({ run, story, turn, refusal }: Observed, draft: Draft): Plan {
  if (refusal !== null) return planRefusal(refusal, draft);
  if (run.spec?.jobName !== undefined || run.status.jobName !== undefined)
    return lost(draft, story);
  if (run.spec?.suspend === true) return suspended(draft, 'spec.suspend is true');
  if (turn.waitsFor !== null || turn.before > 0) return queued(draft, turn);
  return act(draft, { kind: 'create-job' });
}

function planRefusal({ reason, message }: Refusal, draft: Draft): Plan {
  if (TERMINAL.has(reason)) return refuse(draft, reason, message);
  draft.say('Accepted', false, [reason, message]);
  draft.progress(false, reason, message, `waits: ${reason}`);
  return again(draft, MISSING_MS);
}

/** The Job is gone; what its trainer told before stands. */
function lost(draft: Draft, story: Story | null): Plan {
  if (story !== null) tell(draft, story);
  if (story?.state === 'succeeded' || story?.state === 'skipped') {
    complete(draft, story, undefined);
  } else if (story?.error) {
    fail(draft, failureOfTrainer(story.error), story);
  } else {
    const message = 'The Job was deleted before it had ended';
    fail(draft, { reason: 'JobDeleted', message, words: message, ofData: false }, story);
  }
  return end(draft);
}

function suspended(draft: Draft, why: string): Plan {
  draft.progress(false, 'Suspended', why, 'suspended');
  return end(draft);
}

function queued(draft: Draft, { waitsFor, before }: Turn): Plan {
  const first = waitsFor === null ? [] : [`${waitsFor} trains`];
  const others =
    before === 0 ? [] : [`${before} ${before === 1 ? 'run comes' : 'runs come'} first`];
  draft.progress(false, 'Queued', [...first, ...others].join(', '), `queued: ${before + 1}`);
  return again(draft, WAITING_MS);
}

function planJob(observed: Observed, job: JobObject, draft: Draft, now: Date): Plan {
  const { story, run, turn } = observed;
  draft.say('Accepted', true, ['Accepted', 'The run can be carried out']);
  draft.set({ jobName: job.metadata.name });
  if (job.status.startTime !== undefined) draft.set({ startTime: timestamp(job.status.startTime) });
  if (story !== null) tell(draft, story);
  const ended = endOf(job);
  if (ended !== undefined) return planEnd(observed, job, draft, now);
  if (run.spec?.suspend === true) {
    return job.spec.suspend
      ? suspended(draft, 'spec.suspend is true')
      : act(draft, { kind: 'suspend-job', why: 'spec.suspend' });
  }
  if (job.spec.suspend) return planSuspendedJob(observed, job, draft);
  if (turn.givesWay) return act(draft, { kind: 'suspend-job', why: 'queue' });
  return planRunning(observed, job, draft);
}

/** The Job waits, by our hand or by another's. */
function planSuspendedJob({ run, turn }: Observed, job: JobObject, draft: Draft): Plan {
  if (run.spec?.jobName !== undefined && !isHeld(job)) {
    return suspended(draft, 'Somebody has suspended the Job');
  }
  if (turn.waitsFor !== null || turn.before > 0) return queued(draft, turn);
  const why = job.metadata.annotations[HELD_ANNOTATION] ?? '';
  return act(draft, { kind: 'resume-job', why });
}

function planRunning({ pods, story }: Observed, job: JobObject, draft: Draft): Plan {
  const pod = newestOf(pods);
  const wait = pod === undefined ? null : waitOf(pod);
  const failure = pod === undefined ? null : failureOf(pod);
  if (wait !== null) {
    draft.set({ lastError: cut(wait.message) });
    draft.progress(false, wait.reason, wait.message, `waits: ${wait.reason}`);
  } else if (pod !== undefined && failure !== null) {
    // what was said before, such as that the image cannot be pulled, is more than nothing
    if (!isLost(pod)) draft.set({ lastError: cut(wordsOf(failure)) });
    const tries = triesAgainAfter(job, pods);
    if (tries !== null) {
      draft.progress(true, 'Retrying', failure.message, `tries again, ${tries} failed`);
    }
  } else if (pod === undefined || !hasStarted(pod)) {
    draft.progress(true, 'Starting', 'The pod does not run yet', 'starting');
  } else if (story !== null && story.error === null) {
    const words = progressInWords(story);
    draft.progress(true, reasonOfCode(story.progress.phase), `The trainer is in ${words}`, words);
  } else {
    draft.progress(true, 'Running', 'The pod runs', 'running');
  }
  return again(draft, ACTIVE_MS);
}

/**
 * How many pods have failed, where the Job is known to make another one; null before it has counted the last of them,
 * since only then it says whether it gives up.
 */
function triesAgainAfter({ status }: JobObject, pods: readonly PodObject[]): number | null {
  const givesUp = status.conditions.some(
    ({ type, status: holds }) => type === 'FailureTarget' && holds === 'True',
  );
  const counted = status.failed >= pods.filter((pod) => failureOf(pod) !== null).length;
  return counted && !givesUp ? status.failed : null;
}

/** What a failed pod said, in the trainer's own words where it has left a summary. */
function wordsOf({ message, words }: PodEnd): string {
  const error = storyOfSummary(words)?.error;
  if (error) return failureOfTrainer(error).words;
  return words === '' ? message : words;
}

function planEnd(observed: Observed, job: JobObject, draft: Draft, now: Date): Plan {
  const { story, storeAway, pods } = observed;
  const ended = endOf(job);
  const at = job.status.completionTime ?? ended?.lastTransitionTime ?? now.getTime();
  if (ended?.type === 'Failed') {
    fail(draft, failureOfJob(job, newestOf(pods), story, observed.run.status.lastError), story, at);
    return end(draft);
  }
  if (story === null && storeAway && now.getTime() - at < PATIENCE_MS) {
    draft.progress(
      true,
      'WaitingForStore',
      'The Job completed; its record cannot be read yet',
      'waits for the store',
    );
    return again(draft, MISSING_MS);
  }
  complete(draft, story, at);
  return end(draft);
}
