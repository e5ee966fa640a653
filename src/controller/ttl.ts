import { isFinished } from './conditions.ts';
import type { RunObject } from './objects.ts';

/**
 * Milliseconds until a finished run is to be deleted, 0 where it is due; null for never. Runs of the CronJob's own
 * Jobs stay as long as these.
 */
export function expiresIn({ spec, status }: RunObject, now: Date): number | null {
  if (!isFinished(status) || status.completionTime === undefined) return null;
  if (spec?.ttlSecondsAfterFinished === undefined || spec.jobName !== undefined) return null;
  const due = Date.parse(status.completionTime) + 1000 * spec.ttlSecondsAfterFinished;
  return Math.max(0, due - now.getTime());
}
