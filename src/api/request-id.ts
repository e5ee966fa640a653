import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What is taken from a client: short, and harmless in a header, a URI and a log. */
const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** Id of a request: its `X-Request-Id` where that is sane, else a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}
