import { API_VERSION, KIND } from '../../contracts/recommender-run.ts';
import type { KubeObject } from './objects.ts';
import type { FakeKubeApi } from './server.ts';

export const NAMESPACE = 'books';
export const CRON_JOB = 'books-trainer';

/** The rest of a cluster around the fake API server: people, and what Kubernetes does with Jobs. */
export class FakeCluster {
  readonly api: FakeKubeApi;
  #pods = 0;

  constructor(api: FakeKubeApi) {
    this.api = api;
    api.table.create('cronjobs', NAMESPACE, {
      metadata: { name: CRON_JOB, uid: `uid-${CRON_JOB}` },
      spec: {
        jobTemplate: { spec: { template: { spec: { containers: [{ name: 'trainer' }] } } } },
      },
    });
  }

  apply(name: string, spec: Record<string, unknown> = {}): void {
    this.api.table.create('recommenderruns', NAMESPACE, {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name },
      spec,
    });
  }

  change(name: string, spec: Record<string, unknown>): void {
    this.api.table.update('recommenderruns', NAMESPACE, name, (run) => ({
      spec: { ...run.spec, ...spec },
    }));
  }

  /** The CronJob's own Job; or that of another, in its namespace, with its labels. */
  cronFires(
    name: string,
    other: { namespace?: string; cronJob?: string; labels?: Record<string, string> } = {},
  ): void {
    const { namespace = NAMESPACE, cronJob = CRON_JOB, labels = {} } = other;
    this.api.table.create('jobs', namespace, {
      metadata: {
        name,
        labels,
        ownerReferences: [
          {
            apiVersion: 'batch/v1',
            kind: 'CronJob',
            name: cronJob,
            uid: `uid-${cronJob}`,
            controller: true,
          },
        ],
      },
      spec: {},
    });
  }

  run(name: string): KubeObject {
    return this.api.table.get('recommenderruns', NAMESPACE, name);
  }

  runs(): KubeObject[] {
    return this.api.table.list('recommenderruns', NAMESPACE);
  }

  jobs(): KubeObject[] {
    return this.api.table.list('jobs', NAMESPACE);
  }

  /** Jobs that train now. */
  active(): string[] {
    return this.jobs()
      .filter((job) => job.spec?.['suspend'] !== true && conditionsOf(job).length === 0)
      .map(({ metadata }) => metadata.name);
  }

  /** Reason of a condition, with `!` before it where its status is not True; undefined where there is none. */
  says(run: string, type: string): string | undefined {
    const found = conditionsOf(this.run(run)).find((condition) => condition.type === type);
    if (found === undefined) return undefined;
    return found.status === 'True' ? found.reason : `!${found.reason}`;
  }

  /** A Job's pod ends, and with it the Job; `words` is the termination message. */
  ends(job: string, type: 'Complete' | 'Failed', words = ''): void {
    const at = `${new Date().toISOString().slice(0, 19)}Z`;
    const terminated = { exitCode: type === 'Complete' ? 0 : 1, message: words };
    this.api.table.create('pods', NAMESPACE, {
      metadata: {
        name: `${job}-${(this.#pods += 1)}`,
        labels: { 'batch.kubernetes.io/job-name': job },
      },
      status: {
        phase: type === 'Complete' ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'trainer', state: { terminated } }],
      },
    });
    const reason = type === 'Complete' ? 'CompletionsReached' : 'BackoffLimitExceeded';
    const condition = { type, status: 'True', reason, message: 'as the test wants it' };
    this.api.table.update('jobs', NAMESPACE, job, () => ({
      status: {
        startTime: at,
        ...(type === 'Complete' && { completionTime: at }),
        conditions: [{ ...condition, lastTransitionTime: at }],
      },
    }));
  }

  events(): string[] {
    return this.api.table.list('events', NAMESPACE).map(({ reason }) => String(reason));
  }
}

interface Said {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const conditionsOf = ({ status }: KubeObject): Said[] =>
  (status?.['conditions'] as Said[] | undefined) ?? [];

/** The termination message of a training. */
export function summaryOf(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: 'run',
    state: 'succeeded',
    version: 'v2',
    published: true,
    reason: 'not-worse',
    message: 'Measured as good or better.',
    rmse: 1.55,
    mae: 1.18,
    ndcg10: 0.03,
    coverage95: 0.95,
    effectiveRank: 6.5,
    live: null,
    backend: { used: 'cpu', reason: 'asked for' },
    progress: { phase: 'done', sweep: 0, of: 0, elbo: -12.5, heldOutRmse: 1.6, secondsLeft: 0 },
    seconds: {},
    peakMemoryMiB: 300,
    error: null,
    ...fields,
  });
}
