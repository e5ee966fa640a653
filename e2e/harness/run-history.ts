import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, KIND } from '../../src/contracts/recommender-run.ts';
import type { ApiClient } from '../../src/controller/api-client.ts';
import { KubeGateway, pathOf } from '../../src/controller/gateway.ts';
import type { CronJobObject, RunObject } from '../../src/controller/objects.ts';
import { buildJob } from '../../src/controller/train-job.ts';

/** Requests under way at once. */
const AT_ONCE = 8;

/**
 * Makes runs like one that has ended, each with its status and with a Job that has ended too. No controller may be at
 * work meanwhile: it would carry them out.
 */
export async function makeHistory(
  client: ApiClient,
  like: RunObject,
  cronJob: CronJobObject,
  count: number,
): Promise<void> {
  const { namespace } = like.metadata;
  const gateway = new KubeGateway(client);
  const now = new Date().toISOString();
  const names = Array.from({ length: count }, (_, index) => `past-${index}`);
  await each(names, (name) =>
    gateway.createRun(
      { apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec: like.spec },
      namespace,
    ),
  );
  const runs = await gateway.runs(namespace);
  const past = runs.filter(({ status }) => isDeepStrictEqual(status, {}));
  await each(past, async (run) => {
    const job = buildJob({ ...run, spec: run.spec ?? {} }, cronJob);
    // Kubernetes itself would take a minute to end so many, in which it made no pod for other scenarios.
    const unmanaged = { ...job, spec: { ...job.spec, managedBy: 'bookrec.dev/e2e' } };
    await gateway.createJob(unmanaged, namespace);
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    }));
    const status = { startTime: now, completionTime: now, succeeded: 1, conditions };
    await client.request('PATCH', `${pathOf('jobs', namespace)}/${job.metadata.name}/status`, {
      body: { status },
      contentType: 'application/merge-patch+json',
    });
    await gateway.putStatus(run, { ...like.status, jobName: job.metadata.name });
  });
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
