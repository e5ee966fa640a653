import { z } from 'zod';
import {
  type HealthAnswer,
  type ReadyzAnswer,
  healthAnswerSchema,
  livezAnswerSchema,
  readyzAnswerSchema,
} from '../../contracts/http.ts';
import { freshJson } from '../answer.ts';
import { withDeadline } from '../deadline.ts';
import { type ApiDeps, type Call, route } from '../route.ts';

const NOTHING = z.strictObject({});

type Probe = Call<unknown, unknown, unknown>;

export const livez = route({
  method: 'GET',
  path: '/livez',
  scope: 'open',
  summary: 'Whether the process answers at all; does no I/O',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: { 200: [{ description: 'Alive', type: 'application/json', schema: livezAnswerSchema }] },
  problems: [],
  handle: () => freshJson({ status: 'alive' }),
});

export const readyz = route({
  method: 'GET',
  path: '/readyz',
  scope: 'open',
  summary:
    'Whether requests should come here; ready without a model too, once the store has been asked',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: {
    200: [{ description: 'Ready', type: 'application/json', schema: readyzAnswerSchema }],
    503: [
      {
        description: 'Not ready: the store has not answered yet, or the process is stopping',
        type: 'application/json',
        schema: readyzAnswerSchema,
      },
    ],
  },
  problems: [],
  handle: ({ snapshot }, deps) => {
    const status = readiness(snapshot.known, deps.stopping());
    const body: ReadyzAnswer = {
      status,
      model: snapshot.version === null ? 'none' : 'loaded',
      model_version: snapshot.version?.id ?? null,
      degraded: snapshot.degraded,
    };
    return freshJson(body, status === 'ready' ? 200 : 503);
  },
});

function readiness(known: boolean, stopping: boolean): ReadyzAnswer['status'] {
  if (stopping) return 'stopping';
  return known ? 'ready' : 'starting';
}

export const health = route({
  method: 'GET',
  path: '/health',
  scope: 'read',
  summary: 'The store’s connectivity and the state of the model',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: {
    200: [{ description: 'Serving', type: 'application/json', schema: healthAnswerSchema }],
    503: [
      {
        description: 'The store is away and no model is in memory',
        type: 'application/json',
        schema: healthAnswerSchema,
      },
    ],
  },
  problems: [],
  handle: async (call, deps) => {
    const body = await healthOf(call, deps);
    return freshJson(body, body.status === 'unhealthy' ? 503 : 200);
  },
});

async function healthOf({ snapshot }: Probe, deps: ApiDeps): Promise<HealthAnswer> {
  const latency = await pingMilliseconds(deps);
  const loaded = snapshot.version !== null;
  return {
    status: healthStatus(latency !== null && !snapshot.degraded, loaded),
    store: { connected: latency !== null, address: deps.store.address, latency_ms: latency },
    model: { state: loaded ? 'loaded' : 'none', version: snapshot.version?.id ?? null },
  };
}

function healthStatus(storeUp: boolean, loaded: boolean): HealthAnswer['status'] {
  if (storeUp) return 'healthy';
  return loaded ? 'degraded' : 'unhealthy';
}

async function pingMilliseconds(deps: ApiDeps): Promise<number | null> {
  const started = performance.now();
  try {
    await withDeadline(deps.store.ping());
    return Math.round((performance.now() - started) * 1000) / 1000;
  } catch (error) {
    deps.metrics.storeError(error);
    return null;
  }
}

export const metrics = route({
  method: 'GET',
  path: '/metrics',
  scope: 'open',
  summary: 'Metrics in the text format of Prometheus',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: { 200: [{ description: 'Metrics', type: 'text/plain' }] },
  problems: [],
  handle: async (_call, deps) => ({
    status: 200,
    headers: { 'Content-Type': deps.metrics.registry.contentType, 'Cache-Control': 'no-store' },
    body: await deps.metrics.registry.metrics(),
  }),
});
