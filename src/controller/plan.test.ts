import { describe, expect, it } from 'vitest';
import { runStatusSchema } from '../contracts/recommender-run.ts';
import { runOf } from '../testing/store-cases.ts';
import { cronJobsJob, jobOf, podObject, runObject, timeAt } from '../testing/run-objects.ts';
import { summaryOf } from '../testing/fake-kube-api/cluster.ts';
import { type Action, type Observed, plan } from './plan.ts';
import { isReasonOf } from './reasons.ts';
import { storyOfRecord, storyOfSummary, type Story } from './story.ts';

const FREE = { waitsFor: null, before: 0, givesWay: false };
const run = runObject('retrain');
const started = runObject('retrain', { status: { jobName: jobOf(run).metadata.name } });
const paused = runObject('retrain', { spec: { suspend: true } });
const back = runObject('back', { spec: { rollbackTo: 'v1' } });
const cronRun = runObject('books-trainer-1', { spec: { jobName: 'books-trainer-1' } });
const job = jobOf(run);
const done = jobOf(run, { end: { type: 'Complete' } });
const failed = jobOf(run, { end: { type: 'Failed', reason: 'BackoffLimitExceeded' } });
const held = { 'bookrec.dev/held': 'queue' };
const figures = {
  version: 'v1',
  rmse: 1.6,
  mae: 1.2,
  ndcg10: 0.02,
  coverage95: 0.9,
  effectiveRank: 5,
};

const training = storyOfRecord(runOf('x', 1));
const told = (fields: Record<string, unknown> = {}): Story | null =>
  storyOfSummary(summaryOf(fields));
const error = {
  code: 'DATA_TOO_BAD',
  message: '3 % of the rows are bad',
  hint: 'Raise --max-bad.',
};
const ingest = {
  phase: 'ingest',
  sweep: 0,
  of: 0,
  elbo: null,
  heldOutRmse: null,
  secondsLeft: null,
};
const refused = (reason: string): Story | null =>
  told({ version: null, published: false, reason, message: 'Because.' });

interface Case {
  name: string;
  seen: Partial<Observed>;
  wantAction?: Action['kind'];
  /** Reasons by condition type; with `!` where the condition is not True. */
  want?: Record<string, string>;
  wantSummary?: string;
  wantAgain?: number | null;
}

function planned(seen: Partial<Observed>, second = 30) {
  const observed: Observed = {
    run,
    job: null,
    pods: [],
    story: null,
    storeAway: false,
    turn: FREE,
    refusal: null,
    rollback: null,
    ...seen,
  };
  return plan(observed, timeAt(second));
}

function reasonsOf({ status }: ReturnType<typeof plan>): Record<string, string> {
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: holds, reason }) => [
      type,
      holds === 'True' ? reason : `!${reason}`,
    ]),
  );
}

const runs = podObject({}, { phase: 'Running' });
const killed = podObject({ terminated: { exitCode: 137 } }, { phase: 'Failed' });
const trains = { ...run, status: planned({ job, pods: [runs], story: training }).status };

const CASES: Case[] = [
  { name: 'a new run gets its Job', seen: {}, wantAction: 'create-job' },
  {
    name: 'one whose turn it is not waits',
    seen: { turn: { waitsFor: 'other', before: 2, givesWay: false } },
    want: { Progressing: '!Queued', Complete: '!NotFinished', Failed: '!NotFinished' },
    wantSummary: 'queued: 3',
    wantAgain: 30_000,
  },
  {
    name: 'a suspended one makes no Job',
    seen: { run: paused },
    want: { Progressing: '!Suspended' },
  },
  {
    name: 'a missing CronJob is looked for again',
    seen: { refusal: { reason: 'CronJobNotFound', message: 'none' } },
    want: { Accepted: '!CronJobNotFound', Failed: '!NotFinished' },
    wantAgain: 10_000,
  },
  {
    name: 'a rejected Job is the end',
    seen: { refusal: { reason: 'JobRejected', message: 'memory' } },
    want: { Accepted: '!JobRejected', Failed: 'JobRejected', Progressing: '!Finished' },
    wantAgain: null,
  },
  {
    name: 'a Job of somebody else is the end',
    seen: { refusal: { reason: 'NameConflict', message: 'not mine' } },
    want: { Failed: 'NameConflict' },
  },
  {
    name: 'a spec that is not understood is the end',
    seen: { run: { ...run, spec: null } },
    want: { Accepted: '!SpecInvalid', Failed: 'SpecInvalid' },
  },
  {
    name: 'a Job without a pod is starting',
    seen: { job },
    want: { Accepted: 'Accepted', Progressing: 'Starting' },
    wantAgain: 1000,
  },
  {
    name: 'a pod without a record runs',
    seen: { job, pods: [podObject({}, { phase: 'Running' })] },
    want: { Progressing: 'Running' },
  },
  {
    name: 'a record tells the phase',
    seen: { job, pods: [podObject({}, { phase: 'Running' })], story: training },
    want: { Progressing: 'Train' },
    wantSummary: 'train 1/40',
  },
  {
    name: 'a trainer that has finished, and its pod has not',
    seen: { job, pods: [podObject({}, { phase: 'Running' })], story: told() },
    want: { Progressing: 'Done', Complete: '!NotFinished' },
    wantSummary: 'done',
  },
  {
    name: 'a second try before it has said anything, beside the words of the first',
    seen: {
      job: jobOf(run, { failed: 1 }),
      pods: [podObject({}, { phase: 'Running' })],
      story: told({ state: 'failed', version: null, error }),
    },
    want: { Progressing: 'Running' },
  },
  {
    name: 'an image that is not there',
    seen: { job, pods: [podObject({ waiting: { reason: 'ImagePullBackOff' } })] },
    want: { Progressing: '!ImagePullFailed' },
  },
  {
    name: 'a container that cannot start',
    seen: { job, pods: [podObject({ waiting: { reason: 'CreateContainerConfigError' } })] },
    want: { Progressing: '!ContainerNotStarted' },
  },
  {
    name: 'a container that is being made is no news',
    seen: { job, pods: [podObject({ waiting: { reason: 'ContainerCreating' } })] },
    want: { Progressing: 'Starting' },
  },
  {
    name: 'no room on a node',
    seen: {
      job,
      pods: [
        podObject(
          {},
          {
            containerStatuses: [],
            conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }],
          },
        ),
      ],
    },
    want: { Progressing: '!Unschedulable' },
  },
  {
    name: 'a failed pod while the Job tries again',
    seen: {
      job: jobOf(run, { failed: 1 }),
      pods: [podObject({ terminated: { exitCode: 1, message: 'oh' } }, { phase: 'Failed' })],
    },
    want: { Progressing: 'Retrying', Failed: '!NotFinished' },
    wantSummary: 'tries again, 1 failed',
  },
  {
    name: 'a failed pod before the Job has counted it is no news',
    seen: { run: trains, job, pods: [killed] },
    want: { Progressing: 'Train' },
    wantAgain: 1000,
  },
  {
    name: 'nor is one whose Job is about to give up',
    seen: {
      run: trains,
      job: jobOf(run, { failed: 1, end: { type: 'FailureTarget' } }),
      pods: [killed],
    },
    want: { Progressing: 'Train' },
    wantAgain: 1000,
  },
  {
    name: 'a pod that has ended before its Job',
    seen: { job, pods: [podObject({}, { phase: 'Succeeded' })], story: told() },
    want: { Progressing: 'Done', Complete: '!NotFinished' },
    wantSummary: 'done',
  },
  {
    name: 'suspend stops a Job',
    seen: { run: paused, job },
    wantAction: 'suspend-job',
  },
  {
    name: 'and says so when it has stopped',
    seen: { run: paused, job: jobOf(run, { suspend: true }) },
    want: { Progressing: '!Suspended' },
  },
  {
    name: 'and goes on when its turn comes',
    seen: {
      job: jobOf(run, { suspend: true, annotations: { 'bookrec.dev/held': 'spec.suspend' } }),
    },
    wantAction: 'resume-job',
  },
  {
    name: 'but not before',
    seen: {
      job: jobOf(run, { suspend: true, annotations: held }),
      turn: { waitsFor: 'other', before: 0, givesWay: false },
    },
    want: { Progressing: '!Queued' },
  },
  {
    name: 'a younger Job gives way',
    seen: {
      run: cronRun,
      job: cronJobsJob('books-trainer-1'),
      turn: { waitsFor: 'retrain', before: 0, givesWay: true },
    },
    wantAction: 'suspend-job',
  },
  {
    name: 'the CronJob’s Job that we held goes on',
    seen: {
      run: cronRun,
      job: cronJobsJob('books-trainer-1', { suspend: true, annotations: held }),
    },
    wantAction: 'resume-job',
  },
  {
    name: 'one that somebody else has suspended does not',
    seen: { run: cronRun, job: cronJobsJob('books-trainer-1', { suspend: true }) },
    want: { Progressing: '!Suspended' },
  },
  {
    name: 'published',
    seen: { job: done, story: told() },
    want: {
      DataValid: 'DataRead',
      Trained: 'Trained',
      Calibrated: 'CoverageHolds',
      Published: 'Published',
      Complete: 'Published',
      Failed: '!Completed',
      Progressing: '!Finished',
    },
    wantSummary: 'done',
    wantAgain: null,
  },
  {
    name: 'published with intervals that are off',
    seen: { job: done, story: told({ coverage95: 0.9 }) },
    want: { Calibrated: '!CoverageOff', Complete: 'Published' },
  },
  {
    name: 'refused by the gate',
    seen: { job: done, story: refused('worse') },
    want: { Published: '!Worse', Complete: 'NotPublished', Trained: 'Trained' },
  },
  {
    name: 'not comparable',
    seen: { job: done, story: refused('not-comparable') },
    want: { Published: '!NotComparable', Complete: 'NotPublished' },
  },
  {
    name: 'a model that the gate refused as no better than a baseline',
    seen: { job: done, story: refused('below-baseline') },
    want: { Published: '!BelowBaseline', Complete: 'NotPublished' },
  },
  {
    name: 'never to be published',
    seen: { job: done, story: refused('policy-never') },
    want: { Published: '!PolicyNever', Complete: 'NotPublished' },
  },
  {
    name: 'nothing to do',
    seen: { job: done, story: told({ state: 'skipped', version: null, reason: undefined }) },
    want: { Published: '!Unchanged', Complete: 'Unchanged' },
  },
  {
    name: 'completed while the store is away, and no last words',
    seen: { job: done, storeAway: true },
    want: { Progressing: 'WaitingForStore', Complete: '!NotFinished' },
    wantAgain: 10_000,
  },
  {
    name: 'completed with a container that says nothing of ours',
    seen: { job: done },
    want: { Complete: 'Unreported' },
  },
  {
    name: 'bad data',
    seen: {
      job: failed,
      story: told({
        state: 'failed',
        version: null,
        rmse: undefined,
        reason: undefined,
        progress: ingest,
        error,
      }),
    },
    want: {
      DataValid: '!DataTooBad',
      Published: '!DataTooBad',
      Complete: '!Failed',
      Failed: 'DataTooBad',
    },
  },
  {
    name: 'no GPU, before the data are read',
    seen: {
      job: failed,
      story: told({
        state: 'failed',
        version: null,
        rmse: undefined,
        reason: undefined,
        progress: ingest,
        error: { ...error, code: 'NO_GPU' },
      }),
    },
    want: { Trained: '!NoGpu', Failed: 'NoGpu' },
  },
  {
    name: 'out of memory, though the record says running',
    seen: {
      job: failed,
      story: training,
      pods: [
        podObject({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, { phase: 'Failed' }),
      ],
    },
    want: { Trained: '!OutOfMemory', Failed: 'OutOfMemory' },
  },
  {
    name: 'out of memory, as Node notices before the kernel does',
    seen: {
      job: failed,
      pods: [podObject({ terminated: { exitCode: 134, message: '2: node::OOMErrorHandler(' } })],
    },
    want: { Trained: '!OutOfMemory', Failed: 'OutOfMemory' },
  },
  {
    name: 'settings that the trainer refused before it could say so as JSON',
    seen: {
      job: failed,
      pods: [podObject({ terminated: { exitCode: 2, message: '--rank: expected' } })],
    },
    want: { Trained: '!BadSettings', Failed: 'BadSettings' },
  },
  {
    name: 'killed',
    seen: { job: failed, pods: [podObject({ terminated: { exitCode: 137 } })] },
    want: { Failed: 'Killed' },
  },
  {
    name: 'evicted',
    seen: { job: failed, pods: [podObject({}, { phase: 'Failed', reason: 'Evicted' })] },
    want: { Failed: 'Evicted' },
  },
  {
    name: 'data that cannot be downloaded',
    seen: {
      job: failed,
      pods: [
        podObject(
          {},
          {
            initContainerStatuses: [
              { name: 'fetch', state: { terminated: { exitCode: 1, message: '404' } } },
            ],
          },
        ),
      ],
    },
    want: { DataValid: '!FetchFailed', Failed: 'FetchFailed' },
  },
  {
    name: 'too late',
    seen: {
      job: jobOf(run, { end: { type: 'Failed', reason: 'DeadlineExceeded' } }),
      story: training,
    },
    want: { Failed: 'DeadlineExceeded', Trained: '!DeadlineExceeded' },
  },
  {
    name: 'failed without a pod that could tell',
    seen: { job: failed },
    want: { Failed: 'BackoffLimitExceeded' },
  },
  {
    name: 'a Job that was deleted',
    seen: { run: started, story: training },
    want: { Failed: 'JobDeleted' },
  },
  {
    name: 'a Job that was deleted after its trainer had published',
    seen: { run: started, story: told() },
    want: { Complete: 'Published' },
  },
  { name: 'a rollback', seen: { run: back }, wantAction: 'roll-back' },
  {
    name: 'a rollback that was made',
    seen: { run: back, rollback: { kind: 'done', now: figures, before: null } },
    want: { Published: 'RolledBack', Complete: 'RolledBack' },
  },
  {
    name: 'a rollback to nowhere',
    seen: {
      run: back,
      rollback: { kind: 'refused', reason: 'VersionNotFound', message: 'no such version' },
    },
    want: { Published: '!VersionNotFound', Failed: 'VersionNotFound' },
  },
  {
    name: 'a rollback while the store is away',
    seen: { run: back, rollback: { kind: 'away', message: 'no answer' } },
    want: { Progressing: 'WaitingForStore', Failed: '!NotFinished' },
    wantAgain: 10_000,
  },
  {
    name: 'a rollback in another release’s store',
    seen: { run: back, rollback: { kind: 'no-store', message: 'not mine' } },
    want: { Accepted: '!NoStore', Failed: 'NoStore' },
  },
];

describe('plan', () => {
  it.each(CASES)('$name', ({ seen, wantAction, want = {}, wantSummary, wantAgain }) => {
    const made = planned(seen);
    expect(made.action?.kind).toBe(wantAction);
    expect(reasonsOf(made)).toMatchObject(want);
    if (wantSummary !== undefined) expect(made.status.progress?.summary).toBe(wantSummary);
    if (wantAgain !== undefined) expect(made.lookAgainMs).toBe(wantAgain);
    // What is written must be what the custom resource takes.
    expect(runStatusSchema.parse(made.status)).toEqual(made.status);
    expect(made.status.observedGeneration).toBe(1);
    for (const { type, reason } of made.status.conditions ?? []) {
      expect(isReasonOf(type, reason), `${type} ${reason}`).toBe(true);
    }
  });

  it('gives the same for the same, and says nothing new of what it has said', () => {
    const seen = { job, pods: [podObject({}, { phase: 'Running' })], story: training };
    const first = planned(seen);
    expect(planned(seen)).toEqual(first);
    const later = planned({ ...seen, run: { ...run, status: first.status } }, 40);
    expect(later.status).toEqual(first.status);
  });

  it('says what kept the pod from running when the deadline has come', () => {
    const waiting = podObject({ waiting: { reason: 'ErrImagePull', message: 'no such host' } });
    const { status } = planned({ job, pods: [waiting] });
    const late = jobOf(run, { end: { type: 'Failed', reason: 'DeadlineExceeded' } });
    // of a container that never was, Kubernetes says that it has lost it
    const lost = { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'not located' };
    const gone = podObject({ terminated: lost }, { phase: 'Failed' });
    const going = planned({ run: { ...run, status }, job, pods: [gone] });
    for (const before of [status, going.status]) {
      const { lastError } = planned({ run: { ...run, status: before }, job: late }).status;
      expect(lastError).toContain('no such host');
    }
  });

  it('says of a pod that failed whether it was deleted, and in the words of the trainer why', () => {
    const message = summaryOf({ state: 'failed', version: null, error });
    const pod = podObject({ terminated: { exitCode: 1, message } }, { phase: 'Failed' });
    const deleted = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: 1 } };
    const { status } = planned({ job: jobOf(run, { failed: 1 }), pods: [deleted] });
    expect(status.lastError).toBe('DATA_TOO_BAD: 3 % of the rows are bad');
    const retrying = status.conditions?.find(({ type }) => type === 'Progressing');
    expect(retrying?.message).toBe(
      'Container trainer of pod pod, which was deleted, ended with code 1',
    );
  });

  it('waits no longer than two minutes for the record of a completed Job', () => {
    const seen = { job: done, storeAway: true };
    expect(reasonsOf(planned(seen, 179))).toMatchObject({ Progressing: 'WaitingForStore' });
    expect(reasonsOf(planned(seen, 181))).toMatchObject({ Complete: 'Unreported' });
  });

  it('deletes a finished run in its time, and never one of the CronJob’s', () => {
    const { status } = planned({ job: done, story: told() });
    const of = (spec: object) => planned({ run: runObject('retrain', { spec, status }) }, 70);
    expect(of({})).toMatchObject({ action: null, lookAgainMs: null });
    expect(of({ ttlSecondsAfterFinished: 15 })).toMatchObject({ action: null, lookAgainMs: 5000 });
    expect(of({ ttlSecondsAfterFinished: 10 }).action).toEqual({ kind: 'delete-run' });
    expect(of({ ttlSecondsAfterFinished: 10, jobName: 'x' }).action).toBeNull();
  });

  it('leaves a run that has ended as it is, whatever becomes of its Job', () => {
    const { status } = planned({ job: done, story: told() });
    expect(planned({ run: { ...run, status }, job: failed }).status).toEqual(status);
  });
});
