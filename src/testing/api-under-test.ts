import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { createApp, createListener } from '../api/app.ts';
import { type Door, doorOf } from '../api/door.ts';
import { lastFeedbackIn } from '../api/known-reader.ts';
import { LiveModel } from '../api/live-model.ts';
import { ApiMetrics } from '../api/metrics.ts';
import { openStore } from '../store/open-store.ts';
import { sampleCodec } from './sample-version.ts';
import { switchedStore, type SwitchedStore } from './switched-store.ts';

/** An answer as tests look at it. */
export interface Seen {
  readonly body: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Takes the `any` off the body of an answer. */
export async function seen(answer: PromiseLike<Seen>): Promise<Seen> {
  return await answer;
}

/** An API over a real LMDB store in a folder of its own, without a port. */
export interface ApiUnderTest extends AsyncDisposable {
  /** Every request through Express. */
  readonly app: ReturnType<typeof createApp>;
  /** As served: the busy route goes past Express. */
  readonly listener: RequestListener;
  readonly live: LiveModel;
  readonly metrics: ApiMetrics;
  readonly switched: SwitchedStore;
  /** Lines of the log, parsed. */
  readonly logged: Array<Record<string, unknown>>;
  stopping: boolean;
  /** Time of the live model; stands still unless it is moved. */
  readonly clock: { advance(seconds: number): void };
}

const NOW = new Date('2026-01-02T03:05:05.000Z');

export async function apiUnderTest(door: Door = doorOf({})): Promise<ApiUnderTest> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-api-'));
  const real = await openStore(`lmdb:${folder}`);
  const switched = switchedStore(real);
  const logged: Array<Record<string, unknown>> = [];
  const log = pino(
    {},
    { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const metrics = new ApiMetrics();
  let seconds = 0;
  const { store } = switched;
  const live = new LiveModel({
    store,
    codec: sampleCodec,
    log,
    clock: { now: () => NOW, seconds: () => seconds },
    onStoreError: (error) => {
      metrics.storeError(error);
    },
  });
  metrics.watch(
    () => live.snapshot(),
    () => NOW,
  );
  const state = { stopping: false };
  const stopping = (): boolean => state.stopping;
  const lastFeedback = lastFeedbackIn(store);
  const watched = { metrics, log, trace: null };
  const changed = (): void => undefined;
  const deps = { store, live, lastFeedback, changed, door, ...watched, now: () => NOW, stopping };
  return Object.assign(state, {
    app: createApp(deps),
    listener: createListener(deps),
    live,
    metrics,
    switched,
    logged,
    clock: {
      advance: (by: number) => {
        seconds += by;
      },
    },
    [Symbol.asyncDispose]: async () => {
      await real.close();
      rmSync(folder, { recursive: true });
    },
  });
}
