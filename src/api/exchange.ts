import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERRORS, type AppError } from '../runtime/errors.ts';
import type { Answer } from './answer.ts';
import { CACHEABLE, CACHEABLE_BY_CLIENT, etagMatches, notModified } from './answer.ts';
import type { AnswerHeaders } from './door.ts';
import { COMMON_HEADERS } from './headers.ts';
import { keptAnswer } from './kept-answer.ts';
import { InvalidRequest, problemOf, toAppError } from './problem.ts';
import { requestIdOf } from './request-id.ts';
import type { ApiDeps, Route } from './route.ts';
import type { RequestSpan } from './trace.ts';

/** From here on a request is logged by default. */
const SLOW_SECONDS = 0.5;

/** Seconds after which a client may try again when the server cannot answer now. */
const RETRY_AFTER = '5';

/** What the router found out about a request. */
export interface Routed {
  readonly params: unknown;
  /** Reads the body, once the request is admitted. */
  readonly body: () => Promise<unknown>;
}

/** A request as metrics and log know it: its route's pattern instead of its path, which names a reader. */
interface Timed {
  readonly id: string;
  readonly label: string;
  readonly method: string;
  readonly started: number;
  /** Of the answer, whatever it will be. */
  readonly headers: AnswerHeaders;
  /** Name of the key that it came with. */
  client?: string | undefined;
  /** Only who asked may keep the answer. */
  isPrivate?: boolean;
  span?: RequestSpan | undefined;
}

/** Starts the clock of a request; `label` is the pattern of its route. */
export function timedFrom(request: IncomingMessage, label: string): Timed {
  const method = request.method ?? 'GET';
  const id = requestIdOf(request);
  const headers = { ...COMMON_HEADERS, 'X-Request-Id': id };
  return { id, label, method, started: performance.now(), headers };
}

/** Takes one request through its route and writes the answer; never throws, never rejects. */
export function exchange(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  routed: Routed,
  deps: ApiDeps,
): void {
  const timed = timedFrom(request, route.path);
  timed.span = deps.trace?.request(request, route.path, timed.method);
  try {
    timed.client = deps.door.admit(route.scope, request, timed.headers) ?? undefined;
    timed.isPrivate = deps.door.asksForKeys && route.scope !== 'open';
  } catch (error) {
    sendError(response, error, timed, deps);
    return;
  }
  const snapshot = deps.live.snapshot();
  const url = request.url ?? '/';
  const answer = async (): Promise<Answer> => {
    const known = route.method === 'GET' ? await keptAnswer(url, snapshot, deps) : null;
    if (known !== null) return conditional(known, request);
    const made = await answerOf(route, request, routed, deps, snapshot);
    const { body, reader, ...head } = made;
    if (head.status === 200 && reader !== undefined && typeof body === 'string') {
      snapshot.version?.answers.set(url, { ...head, reader }, body);
    }
    return made;
  };
  const answered = timed.span === undefined ? answer() : timed.span.run(answer);
  answered.then(
    (given) => {
      send(response, given, timed, deps);
    },
    (error: unknown) => {
      sendError(response, error, timed, deps);
    },
  );
}

async function answerOf(
  route: Route,
  request: IncomingMessage,
  routed: Routed,
  deps: ApiDeps,
  snapshot: ReturnType<ApiDeps['live']['snapshot']>,
): Promise<Answer> {
  const query = queryOf(request.url ?? '/');
  const { params } = routed;
  const body = route.body === null ? null : await routed.body();
  return route.run({ params, body, query, headers: request.headers, snapshot }, deps);
}

/** Query parameters; throws `InvalidRequest` for one that is given twice. */
function queryOf(url: string): Record<string, string> {
  const start = url.indexOf('?');
  if (start < 0) return {};
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (found.has(name)) throw new InvalidRequest([{ path: name, message: 'Given twice' }]);
    found.set(name, value);
  }
  return Object.fromEntries(found);
}

function conditional(answer: Answer, request: IncomingMessage): Answer {
  const etag = answer.headers['ETag'];
  if (etag === undefined || !etagMatches(request.headers['if-none-match'], etag)) return answer;
  return notModified(etag, answer.reader !== undefined && answer.reader.revision > 0);
}

/** Writes whatever was thrown as problem details; logs what is the server's fault, once. */
export function sendError(
  response: ServerResponse,
  thrown: unknown,
  timed: Timed,
  deps: ApiDeps,
  headers: Readonly<Record<string, string>> = {},
): void {
  const error = toAppError(thrown);
  const problem = problemOf(error, timed.id);
  // 503 is a state that the live model logs once, not a fault of this request.
  if (problem.status === 500) {
    deps.log.error(
      { err: error, requestId: timed.id, route: timed.label, method: timed.method },
      'request failed',
    );
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const answer: Answer = {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...('Retry-After' in timed.headers ? {} : retryHeader(error)),
      ...headers,
    },
    body: JSON.stringify(problem),
  };
  send(response, answer, timed, deps);
}

function retryHeader(error: AppError): Record<string, string> {
  return ERRORS[error.code].retryable ? { 'Retry-After': RETRY_AFTER } : {};
}

function send(response: ServerResponse, answer: Answer, timed: Timed, deps: ApiDeps): void {
  const { headers } = timed;
  Object.assign(headers, answer.headers);
  if (timed.isPrivate === true && headers['Cache-Control'] === CACHEABLE) {
    headers['Cache-Control'] = CACHEABLE_BY_CLIENT;
  }
  const encoding = answer.isBytes === true ? 'latin1' : 'utf8';
  if (answer.status !== 304) headers['Content-Length'] = lengthOf(answer.body, encoding);
  if (deps.stopping()) headers['Connection'] = 'close';
  response.writeHead(answer.status, headers);
  response.end(answer.body, encoding);
  const seconds = (performance.now() - timed.started) / 1000;
  timed.span?.end(answer.status);
  deps.metrics.request(timed.label, timed.method, answer.status, seconds);
  if (answer.source !== undefined) deps.metrics.answered(answer.source);
  logRequest(timed, answer.status, seconds, deps);
}

function lengthOf(body: Buffer | string, encoding: BufferEncoding): number {
  return typeof body === 'string' ? Buffer.byteLength(body, encoding) : body.byteLength;
}

/** Slow requests by default and all of them at level debug; those that failed are logged where they do. */
function logRequest(timed: Timed, status: number, seconds: number, { log }: ApiDeps): void {
  const level = seconds >= SLOW_SECONDS ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { id, label, method, client } = timed;
  const milliseconds = Math.round(seconds * 1e6) / 1e3;
  const who = client === undefined ? {} : { client };
  log[level]({ requestId: id, method, route: label, status, milliseconds, ...who }, 'request');
}
