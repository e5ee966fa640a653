import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../runtime/errors.ts';
import type { ControllerMetrics } from './metrics.ts';

/** A controller that has not heard of the API server for this long is not ready. */
const OLDEST_SECONDS = 120;

export interface ProbeDeps {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Seconds since the API server was last heard of, by kind; Infinity before the first time. */
  readonly ages: () => Readonly<Record<string, number>>;
  readonly stopping: () => boolean;
  readonly metrics: ControllerMetrics;
}

/** Serves `/livez`, `/readyz` and `/metrics`; throws `BAD_SETTINGS` where it cannot listen. */
export async function serveProbes(deps: ProbeDeps): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    answer(request.url ?? '', response, deps).catch(() => response.writeHead(500).end());
  });
  server.listen(deps.port, deps.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AppError(
      'BAD_SETTINGS',
      `Cannot listen on ${deps.host}, port ${deps.port}`,
      'Free the port, or choose another one with --port.',
      { cause },
    );
  }
  // A server that listens on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { url: `http://${deps.host}:${port}`, server };
}

async function answer(url: string, response: ServerResponse, deps: ProbeDeps): Promise<void> {
  switch (url.replace(/\?.*$/s, '')) {
    case '/livez':
      json(response, 200, { status: 'alive' });
      return;
    case '/readyz':
      readyz(response, deps);
      return;
    case '/metrics':
      response.writeHead(200, { 'Content-Type': deps.metrics.registry.contentType });
      response.end(await deps.metrics.registry.metrics());
      return;
    default:
      json(response, 404, { status: 'not found' });
  }
}

function readyz(response: ServerResponse, { ages, stopping }: ProbeDeps): void {
  const seconds = ages();
  const oldest = Math.max(...Object.values(seconds));
  const ready = oldest <= OLDEST_SECONDS && !stopping();
  const status = stopping() ? 'stopping' : readiness(oldest);
  const watch_age_seconds = Object.fromEntries(
    Object.entries(seconds).map(([kind, age]) => [
      kind,
      Number.isFinite(age) ? Math.round(age) : null,
    ]),
  );
  json(response, ready ? 200 : 503, { status, watch_age_seconds });
}

function readiness(oldest: number): 'ready' | 'starting' | 'deaf' {
  if (oldest <= OLDEST_SECONDS) return 'ready';
  return Number.isFinite(oldest) ? 'deaf' : 'starting';
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
