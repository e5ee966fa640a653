import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import { environment } from '../runtime/environment.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { createListener } from './app.ts';
import { LiveModel, type VersionCodec } from './live-model.ts';
import { lastFeedbackIn } from './known-reader.ts';
import { ApiMetrics } from './metrics.ts';
import { observedStore } from './observed-store.ts';
import { type DoorOptions, openDoor } from './open-door.ts';
import { RunMetrics } from './run-metrics.ts';
import { SnapshotAfter } from './snapshot-after.ts';
import { openTrace } from './trace.ts';

export interface ApiOptions extends DoorOptions {
  /** Stays open when the API stops: it belongs to the caller. */
  readonly store: Store;
  readonly codec: VersionCodec;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly log: Log;
  /** Stops the API when it aborts. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Time between two looks at the live pointer. */
  readonly pollMs?: number;
  /**
   * Time to go on answering after the signal. Load balancers see that readiness has failed, and clients that
   * hold a connection are told to close it: one that the server closes may lose the request just sent on it.
   */
  readonly lameDuckMs?: number;
  /** Time for requests under way to end, before they are cut off. */
  readonly graceMs?: number;
  /** Requests at work at once, beyond which the next are answered with 503. */
  readonly maxInFlight?: number;
  /** Time for a client to send its whole request. */
  readonly requestMs?: number;
  /** Have the store write a snapshot a minute after feedback; for one that keeps all in memory. */
  readonly snapshots?: boolean;
  /** Of OpenTelemetry; those of the process if not given. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

export interface RunningApi {
  readonly url: string;
  /** Settles when the API has stopped, for whatever reason. */
  readonly closed: Promise<void>;
  /** Stops in order; the same promise however often it is called. */
  close(): Promise<void>;
}

/** Longer than the idle timeout of common load balancers, so that they close first. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 15_000;
/** Node looks for requests that take too long only every 30 s unless told otherwise. */
const TIMEOUT_CHECK_MS = 1000;
const IDLE_SWEEP_MS = 50;
/** Time between two looks at the records of trainings. */
const RUNS_MS = 15_000;

/** Serves the live version of a store over HTTP; resolves when it listens and has looked at the store once. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { codec, log, clock = systemClock, requestMs = REQUEST_MS } = options;
  const metrics = new ApiMetrics();
  const trace = await openTrace(options.variables ?? environment());
  const store = observedStore(options.store, metrics, trace);
  const live = new LiveModel({
    store,
    codec,
    log,
    clock,
    onStoreError: (error) => {
      metrics.storeError(error);
    },
  });
  metrics.watch(
    () => live.snapshot(),
    () => clock.now(),
  );
  const runMetrics = new RunMetrics(store, metrics.registry);
  const stopping = new AbortController();
  const open = await openDoor(options, { store, clock, log });
  const now = (): Date => clock.now();
  const isStopping = (): boolean => stopping.signal.aborted;
  const { door } = open;
  const lastFeedback = lastFeedbackIn(store);
  const snapshots = options.snapshots === true ? new SnapshotAfter(store, log) : null;
  const changed = (): void => snapshots?.changed();
  const watched = { metrics, log, trace };
  const deps = { store, live, lastFeedback, changed, door, ...watched, now, stopping: isStopping };
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.min(requestMs, TIMEOUT_CHECK_MS),
    },
    createListener(deps, options.maxInFlight),
  );
  await listen(server, options);
  metrics.watchProcess();
  await live.poll();
  const following = Promise.all([
    live.follow(options.pollMs ?? 500, stopping.signal),
    runMetrics.follow(RUNS_MS, stopping.signal),
    open.follow(stopping.signal),
  ]);

  const closed = Promise.withResolvers<undefined>();
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= stop());
  const stop = async (): Promise<void> => {
    stopping.abort();
    log.info({}, 'stopping');
    await delay(options.lameDuckMs ?? 0);
    await drain(server, options.graceMs ?? 10_000, log);
    await following;
    await snapshots?.close();
    await trace?.close();
    metrics.registry.clear();
    log.info({}, 'stopped');
    closed.resolve(undefined);
  };
  if (options.signal?.aborted === true) void close();
  else options.signal?.addEventListener('abort', () => void close(), { once: true });

  const url = urlOf(server, options.host);
  log.info({ url }, 'serving');
  return { url, close, closed: closed.promise };
}

async function listen(server: Server, { host, port }: ApiOptions): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AppError(
      'BAD_SETTINGS',
      `Cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : 'unknown'}`,
      'Free the port, or choose another one with --port.',
      { cause },
    );
  }
}

/** Lets requests under way end and closes idle connections; after `graceMs` closes all. */
async function drain(server: Server, graceMs: number, log: Log): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  // A connection turns idle only when its last answer is read, so one sweep is not enough.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_SWEEP_MS);
  const cut = setTimeout(() => {
    log.warn({ graceMs }, 'requests cut off at the end of the grace period');
    server.closeAllConnections();
  }, graceMs);
  await ended;
  clearInterval(sweep);
  clearTimeout(cut);
}

function urlOf(server: Server, host: string): string {
  // A server that listens on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${String(port)}`;
}
