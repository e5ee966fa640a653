import { API_VERSION, type Condition, KIND, type RunStatus } from '../contracts/recommender-run.ts';
import { conditionOf, cut, timestamp } from './conditions.ts';
import type { RunObject } from './objects.ts';

const COMPONENT = 'bookrec-controller';
/** Longest note that the API server takes. */
const LONGEST_NOTE = 1024;

/** Conditions whose False is news, beside those whose True is. */
const BOTH_WAYS: ReadonlySet<string> = new Set([
  'Accepted',
  'Progressing',
  'DataValid',
  'Trained',
  'Calibrated',
  'Published',
]);

/** The conditions that have come to say something else, and are worth an event. */
export function newsOf(before: RunStatus, after: RunStatus): Condition[] {
  return (after.conditions ?? []).filter((condition) => {
    const old = conditionOf(before, condition.type);
    if (old?.status === condition.status && old.reason === condition.reason) return false;
    return condition.status === 'True' || BOTH_WAYS.has(condition.type);
  });
}

/** A Kubernetes event about a run. */
export function eventOf({ metadata }: RunObject, condition: Condition, now: Date, n: number) {
  const { type, status, reason, message } = condition;
  const bad = type === 'Failed' || (status === 'False' && type !== 'Progressing');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${metadata.name}.${now.getTime().toString(16)}${String(n)}`,
      namespace: metadata.namespace,
    },
    involvedObject: {
      apiVersion: API_VERSION,
      kind: KIND,
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
    },
    type: bad ? 'Warning' : 'Normal',
    reason,
    message: cut(`${type}: ${message}`, LONGEST_NOTE),
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    firstTimestamp: timestamp(now.getTime()),
    lastTimestamp: timestamp(now.getTime()),
    count: 1,
  };
}
