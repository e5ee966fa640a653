import { ERRORS, type ErrorCode } from '../runtime/errors.ts';

/**
 * Every reason of a condition or event, by condition type, and when it is given. `docs/runs.md` lists the same ones,
 * and a test compares them.
 */
export const REASONS = {
  Accepted: {
    Accepted: 'The run can be carried out',
    SpecInvalid: 'This release does not understand the spec',
    CronJobNotFound: 'The CronJob that the Job is built from is not there; looked for again',
    CronJobUnknown: 'Neither the run nor the controller names a CronJob',
    JobRejected: 'The API server refused the Job',
    JobRefusedForNow: 'The API server refused the Job for now, for example by a quota; tried again',
    NameConflict: 'A Job of that name belongs to somebody else',
    NoStore: 'A rollback needs the store, and the controller knows that of its own release alone',
  },
  Progressing: {
    Queued: 'Another training is under way, or other runs come first',
    Suspended: 'spec.suspend is true, or somebody suspended the Job',
    Starting: 'The Job is there and its pod does not run yet',
    Unschedulable: 'No node has room for the pod',
    ImagePullFailed: 'The image cannot be pulled',
    ContainerNotStarted: 'The container cannot be started',
    Running: 'The pod runs; nothing is known of it yet',
    Ingest: 'Data are read',
    Train: 'The model is trained',
    Evaluate: 'The model is measured',
    Gate: 'The model is compared with the live one',
    Refit: 'The model takes in the held-out ratings',
    Recommend: 'Lists are computed',
    Publish: 'The version is published',
    Done: 'The trainer has finished and its pod has not ended yet',
    Retrying: 'A pod has failed and the Job tries again',
    WaitingForStore: 'The store does not answer',
    Finished: 'The run has ended',
  },
  DataValid: {
    DataRead: 'The data were read',
  },
  Trained: {
    Trained: 'The model is trained and measured',
  },
  Calibrated: {
    CoverageHolds: 'The 95 % intervals hold 92 to 98 % of the held-out ratings',
    CoverageOff: 'They hold fewer or more',
  },
  Published: {
    Published: 'The version is live',
    RolledBack: 'The version is live again',
    Worse: 'The gate refused: the model is measurably worse than the live one',
    NotComparable: 'The gate refused: too few shared held-out ratings to compare on',
    BelowBaseline:
      'The gate refused: the model predicts worse than biases alone, or ranks worse than popularity',
    PolicyNever: 'spec.publish is never',
    Unchanged: 'The live version has these data and settings; nothing was trained',
  },
  Complete: {
    NotFinished: 'The run goes on, or waits',
    Published: 'The run ended and its version is live',
    NotPublished: 'The run ended and the live version stays, as condition Published says',
    Unchanged: 'There was nothing to do',
    RolledBack: 'The version asked for is live again',
    Unreported: 'The Job completed, but neither its record nor its last words could be read',
    Failed: 'The run failed',
  },
  Failed: {
    NotFinished: 'The run goes on, or waits',
    Completed: 'The run has ended well',
    OutOfMemory: 'The container used more memory than its limit, or than that leaves for the heap',
    DeadlineExceeded: 'activeDeadlineSeconds were over',
    FetchFailed: 'Data files could not be downloaded',
    Evicted: 'The node evicted the pod',
    Killed: 'The container was killed by a signal',
    PodFailed: 'The pod failed without a word of its own',
    BackoffLimitExceeded: 'The Job has tried as often as it may, and no pod is left to tell why',
    PodFailurePolicy: 'The Job gave up at once, as its policy says for that exit code',
    JobFailed: 'The Job failed for another reason, which the message gives',
    JobDeleted: 'The Job was deleted before it had ended',
    VersionNotFound: 'The version to roll back to is not there',
    VersionForeign: 'The version to roll back to is of another release, which alone can read it',
  },
} as const satisfies Record<string, Record<string, string>>;

/** Reasons that are of a failed Job's own giving. */
export const jobReason = (reason: string): string =>
  reason in REASONS.Failed ? reason : 'JobFailed';

/** A code of the error registry as a reason: `DATA_TOO_BAD` is `DataTooBad`. */
export function reasonOfCode(code: string): string {
  return code
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** The reasons that the trainer's own errors give. */
const ERROR_REASONS = (Object.keys(ERRORS) as ErrorCode[]).map(reasonOfCode);

/**
 * Whether a condition of that type can have that reason: one of its own, or, where it is not true, why the run was not
 * accepted or has failed.
 */
export function isReasonOf(type: keyof typeof REASONS, reason: string): boolean {
  return (
    [REASONS[type], REASONS.Accepted, REASONS.Failed].some((reasons) => reason in reasons) ||
    ERROR_REASONS.includes(reason)
  );
}
