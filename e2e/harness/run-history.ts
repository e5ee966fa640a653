import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, KIND } from '../../src/contracts/recommender-run.ts';
import type { KubeGateway } from '../../src/controller/gateway.ts';
import type { CronJobObject, RunObject } from '../../src/controller/objects.ts';
import { buildJob } from '../../src/controller/train-job.ts';

/** Requests under way at once. */
const AT_ONCE = 8;

/**
 * Makes runs like one that has ended, each with its status and with a Job that has ended too. No controller may be at
 * work meanwhile: it would carry them out.
 */
export async function makeHistory(
  gateway: KubeGateway,
  like: RunObject,
  cronJob: CronJobObject,
  count: number,
): Promise<void> {
  const { namespace } = like.metadata;
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
    // With nothing to complete it completes at once.
    const ended = { ...job, spec: { ...job.spec, completions: 0, parallelism: 0 } };
    await gateway.createJob(ended, namespace);
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
