import { expect } from 'vitest';
import { z } from 'zod';
import {
  API_VERSION,
  type Condition,
  type ConditionType,
  KIND,
  PLURAL,
  type RunSpec,
  runSpecSchema,
  runStatusSchema,
} from '../../src/contracts/recommender-run.ts';
import { controllerOf, jobObjectSchema } from '../../src/controller/objects.ts';
import { apply, get, kubectl, list, podSchema } from './kubectl.ts';
import { eventually } from './eventually.ts';

const runSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), creationTimestamp: z.iso.datetime() }),
  spec: runSpecSchema.default({}),
  status: runStatusSchema.default({}),
});
/** A RecommenderRun as the API server has it. */
export type Run = z.infer<typeof runSchema>;

const eventSchema = z.object({
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  involvedObject: z.object({ kind: z.string(), name: z.string() }),
});

const resource = 'recommenderruns.bookrec.dev';

export const runObject = (name: string, spec: RunSpec = {}): object => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name },
  spec,
});

/** `kubectl apply` of one run. */
export const applyRun = (namespace: string, name: string, spec: RunSpec = {}): Promise<void> =>
  apply(namespace, runObject(name, spec));

export const getRun = (namespace: string, name: string): Promise<Run> =>
  get(runSchema, PLURAL, name, namespace);

export const listRuns = (namespace: string): Promise<Run[]> => list(runSchema, PLURAL, namespace);

export const patchRun = (namespace: string, name: string, spec: RunSpec): Promise<string> =>
  kubectl([
    'patch',
    resource,
    name,
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec }),
  ]);

export const deleteRun = (namespace: string, name: string): Promise<string> =>
  kubectl(['delete', resource, name, '-n', namespace]);

export const conditionOf = ({ status }: Run, type: ConditionType): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/**
 * Waits until a condition holds; fails at once where the run has ended and that was not waited for. A run that is to
 * complete is held back no longer.
 */
export async function waitFor(
  namespace: string,
  name: string,
  type: ConditionType,
  seconds = 120,
): Promise<Run> {
  const run = await eventually(async () => {
    const found = await getRun(namespace, name);
    const ended = (['Complete', 'Failed'] as const).some(
      (end) => conditionOf(found, end)?.status === 'True',
    );
    if (ended) return found;
    if (type === 'Complete' && isHeldBack(found)) await letGo(namespace, name);
    expect(conditionOf(found, type)?.status).toBe('True');
    return found;
  }, seconds);
  expect(conditionOf(run, type)).toMatchObject({ status: 'True' });
  return run;
}

/** Events about a run, in no order. */
export async function eventsOf(
  namespace: string,
  name: string,
): Promise<Array<{ type: string; reason: string; message: string }>> {
  const events = await list(eventSchema, 'events', namespace);
  return events.filter(({ involvedObject: { kind, name: of } }) => kind === KIND && of === name);
}

/** Waits for the end of a run and sees that nothing was done twice: one Job, one pod, one end. */
export async function completesOnce(
  namespace: string,
  name: string,
  seconds?: number,
): Promise<Run> {
  const run = await waitFor(namespace, name, 'Complete', seconds);
  const jobs = await list(jobObjectSchema, 'jobs', namespace);
  const own = jobs.filter((job) => controllerOf(job, 'RecommenderRun')?.uid === run.metadata.uid);
  expect(own.map(({ metadata }) => metadata.name)).toEqual([run.status.jobName]);
  const pods = await list(podSchema, 'pods', namespace, `bookrec.dev/run=${name}`);
  expect(pods).toHaveLength(1);
  await eventually(async () => {
    const events = await eventsOf(namespace, name);
    const ends = events.filter(({ message }) => /^(Complete|Failed): /.test(message));
    expect(ends).toHaveLength(1);
  });
  return run;
}

/**
 * Values of a release with one replica, no volume, a trainer that asks for little, so that a run may ask for less, and
 * an API that goes at once, since no gateway has to forget it.
 */
export const modestValues = {
  api: { replicas: 1, preStopSeconds: 0, drainSeconds: 0 },
  store: { persistence: { enabled: false } },
  trainer: { resources: { requests: { cpu: '100m', memory: '100Mi' }, limits: { memory: '1Gi' } } },
};

/** Part of a core that a trainer is held back with, and what it gets in the end. */
const HELD_BACK = '200m';
const ENOUGH = '2';

/**
 * A run on the data `larger` that is held back until it is waited for, with settings other than those of other seeds.
 * It starts from nothing, since whether the live version fits would be looked at slowly too.
 */
export const slowly = (
  seed: number,
): Pick<RunSpec, 'data' | 'model' | 'resources' | 'warmStart'> => ({
  data: { configMapName: 'larger' },
  model: { seed },
  warmStart: 'none',
  resources: { limits: { cpu: HELD_BACK } },
});

const isHeldBack = ({ spec }: Run): boolean => spec.resources?.limits?.['cpu'] === HELD_BACK;

const limitedPodSchema = podSchema.extend({
  spec: z.object({
    containers: z.array(
      z.object({
        name: z.string(),
        resources: z.object({ limits: z.object({ cpu: z.string().optional() }).optional() }),
      }),
    ),
  }),
});

/** Gives the running pods of a run the CPU that they were kept from, in place. */
async function letGo(namespace: string, run: string): Promise<void> {
  const pods = await list(limitedPodSchema, 'pods', namespace, `bookrec.dev/run=${run}`);
  for (const { metadata, spec, status } of pods) {
    const held = spec.containers.filter(({ resources }) => resources.limits?.cpu === HELD_BACK);
    if (held.length === 0 || status.phase !== 'Running') continue;
    const containers = held.map(({ name }) => ({ name, resources: { limits: { cpu: ENOUGH } } }));
    const patch = JSON.stringify({ spec: { containers } });
    const place = ['pod', metadata.name, '-n', namespace];
    await kubectl(['patch', ...place, '--subresource=resize', '--type=strategic', '-p', patch]);
  }
}

/** Waits until a run has read its data and trains. */
export const trains = (namespace: string, name: string): Promise<void> =>
  eventually(async () => {
    expect((await getRun(namespace, name)).status.progress?.phase).toBe('train');
  });
