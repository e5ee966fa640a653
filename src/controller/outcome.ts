import type { Draft } from './conditions.ts';
import type { JobObject, PodObject } from './objects.ts';
import { endOf } from './objects.ts';
import { failureOf, type PodEnd } from './pods.ts';
import { jobReason, reasonOfCode } from './reasons.ts';
import { progressInWords, UNCHANGED } from './report.ts';
import type { Story } from './story.ts';

/** Why a run failed. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
  /** The error's own words. */
  readonly words: string;
  /** Where the error is in the data. */
  readonly ofData: boolean;
}

/** Puts the end of a Job that has completed into the status. */
export function complete(draft: Draft, story: Story | null, at: number | undefined): void {
  if (story === null) {
    draft.complete('Unreported', 'The Job completed, but its record could not be read', at);
  } else if (story.version !== null) {
    draft.complete('Published', `Version ${story.version} is live`, at);
  } else if (story.state === 'skipped') {
    draft.complete('Unchanged', UNCHANGED, at);
  } else {
    draft.complete('NotPublished', story.decision?.message ?? 'The live version stays', at);
  }
}

/** Puts a failure into the status, with what it means to the other conditions. */
export function fail(draft: Draft, failure: Failure, story: Story | null, at?: number): void {
  const { reason, message, words, ofData } = failure;
  const { figures = null, version = null } = story ?? {};
  if (ofData) draft.say('DataValid', false, [reason, words]);
  else if (figures === null) draft.say('Trained', false, [reason, message]);
  if (version === null) {
    draft.say('Published', false, [reason, 'The run failed; the live version stays']);
  }
  draft.fail(reason, message, words, at);
}

/**
 * Why a Job has failed: its deadline, then what Kubernetes did to the pod, then the trainer's own words, then how the
 * pod ended, then the Job's word.
 */
export function failureOfJob(
  job: JobObject,
  pod: PodObject | undefined,
  story: Story | null,
  lastError = '',
): Failure {
  const { reason, message } = endOf(job) ?? { reason: 'PodFailed', message: '' };
  const where = story === null ? '' : `The trainer was in ${progressInWords(story)}.`;
  const jobSays = `${reason}: ${message}`;
  if (reason === 'DeadlineExceeded') {
    // Its pods are gone; what was wrong with them has been said before.
    return deadline(jobSays, where === '' ? lastError : where);
  }
  const podEnd = pod ? failureOf(pod) : null;
  if (podEnd !== null && TOLD_BY_KUBERNETES.has(podEnd.reason)) return failureOfPod(podEnd, where);
  if (story?.error) return failureOfTrainer(story.error);
  if (podEnd !== null) return failureOfPod(podEnd, where);
  return failure(jobReason(reason), `${jobSays}. ${where}`.trim(), jobSays);
}

const deadline = (jobSays: string, before: string): Failure =>
  failure(
    'DeadlineExceeded',
    `The Job was stopped at its deadline. ${before}`.trim(),
    `${jobSays}. ${before}`.trim(),
  );

const failureOfPod = ({ reason, message, words }: PodEnd, where: string): Failure =>
  failure(reason, `${message}. ${where}`.trim(), words, reason === 'FetchFailed');

const TOLD_BY_KUBERNETES: ReadonlySet<string> = new Set(['OutOfMemory', 'Evicted', 'FetchFailed']);

const failure = (reason: string, message: string, words: string, ofData = false): Failure => ({
  reason,
  message,
  words: words === '' ? message : words,
  ofData,
});

/** What the trainer said itself. */
export function failureOfTrainer({ code, message, hint }: NonNullable<Story['error']>): Failure {
  return {
    reason: reasonOfCode(code),
    message: `${message}. ${hint}`,
    words: `${code}: ${message}`,
    ofData: code.startsWith('DATA_'),
  };
}
