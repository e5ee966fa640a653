import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { publishSample, sampleCodec } from '../testing/sample-version.ts';
import { runOf } from '../testing/store-cases.ts';
import { startApi } from './main.ts';
import { RunMetrics } from './run-metrics.ts';
import { openTrace } from './trace.ts';

const READER = 'reader-whom-nobody-may-see';

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const spansSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({
        attributes: z.array(z.object({ key: z.string(), value: z.unknown() })),
      }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              attributes: z.array(z.object({ key: z.string(), value: z.unknown() })),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A collector of traces on a port of its own. */
async function collector(): Promise<{ url: string; bodies: string[]; server: Server }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(`${request.url} ${body}`);
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, server };
}

describe('traces', () => {
  it('are not made unless somebody collects them', async () => {
    expect(await openTrace({})).toBeNull();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:1' };
    expect(await openTrace({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeNull();
  });

  it('have each request with its calls of the store, below the span of the client, and nobody’s name', async () => {
    const { url, bodies } = await collector();
    await publishSample(api.switched.store, 'v1', [READER]);
    // The exporter reads the variables of the process itself.
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
    const log = pino({ enabled: false });
    const fixed = { codec: sampleCodec, host: '127.0.0.1', port: 0, log };
    const running = await startApi({ store: api.switched.store, ...fixed });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const parent = 'b7ad6b7169203331';
    const headers = { traceparent: `00-${traceId}-${parent}-01` };
    await (await fetch(`${running.url}/recommend/${READER}?top_k=3`, { headers })).text();
    await (await fetch(`${running.url}/recommend/${READER}?top_k=0`)).text();
    await running.close();
    const [path = '', body = ''] = /^(\S+) (.*)$/s.exec(bodies.join(''))?.slice(1) ?? [];
    expect(path).toBe('/v1/traces');
    expect(body).not.toContain(READER);
    const [{ resource, scopeSpans } = { resource: { attributes: [] }, scopeSpans: [] }] =
      spansSchema.parse(JSON.parse(body)).resourceSpans;
    expect(resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'bookrec-api' },
    });
    const spans = scopeSpans.flatMap((scope) => scope.spans);
    const requests = spans.filter(({ kind }) => kind === 2).map(({ name }) => name);
    expect(requests).toEqual(Array(2).fill('GET /recommend/{user_id}'));
    const [first] = spans.filter((span) => span.parentSpanId === parent);
    expect(first).toMatchObject({ traceId });
    expect(first?.attributes).toContainEqual({
      key: 'http.response.status_code',
      value: { intValue: 200 },
    });
    const calls = spans.filter(({ kind }) => kind === 3);
    expect(calls.map(({ name }) => name)).toContain('store reader');
    for (const call of calls) {
      expect(call).toMatchObject({ traceId, parentSpanId: first?.spanId });
    }
  });
});

describe('metrics', () => {
  it('tell of the calls of the store, the model and the lag of the event loop', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    const log = pino({ enabled: false });
    const fixed = { codec: sampleCodec, host: '127.0.0.1', port: 0, log };
    const running = await startApi({ store: api.switched.store, ...fixed, variables: {} });
    onTestFinished(() => running.close());
    await fetch(`${running.url}/recommend/8`);
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toContain('bookrec_store_call_duration_seconds_count{call="reader"} 1');
    expect(metrics).toMatch(/^bookrec_model_error\{measure="rmse"\} \d/m);
    expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  it('tell of trainings what their records say, and go on while the store is away', async () => {
    const { store } = api.switched;
    const registry = new Registry();
    const runs = new RunMetrics(store, registry);
    const ended = (day: number, state: 'succeeded' | 'failed') => {
      const run = runOf(`run:${day}`, day);
      return { ...run, state, finishedAt: run.updatedAt, seconds: { train: day } };
    };
    await store.putRun(ended(1, 'succeeded'));
    await store.putRun(ended(2, 'failed'));
    await store.putRun({ ...runOf('run:3', 3), updatedAt: new Date().toISOString() });
    await runs.read();
    api.switched.away = true;
    await runs.read();
    const told = await registry.metrics();
    const at = (day: number): number => Date.parse(runOf('', day).updatedAt) / 1000;
    expect(told).toContain(`bookrec_run_last_success_timestamp_seconds ${at(1)}`);
    expect(told).toContain(`bookrec_run_last_end_timestamp_seconds{state="failed"} ${at(2)}`);
    expect(told).toContain('bookrec_run_phase_seconds{phase="train"} 2');
    expect(told).toContain('bookrec_runs_running 1');
  });
});
