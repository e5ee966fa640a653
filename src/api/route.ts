import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Scope } from '../contracts/api-keys.ts';
import type { Store } from '../store/store.ts';
import type { Answer } from './answer.ts';
import type { Door } from './door.ts';
import type { LiveModel, Snapshot } from './live-model.ts';
import type { ApiMetrics } from './metrics.ts';
import { parseRequest } from './problem.ts';
import type { Trace } from './trace.ts';

/** What handlers work with. */
export interface ApiDeps {
  readonly store: Store;
  readonly live: LiveModel;
  readonly door: Door;
  /** Number of the last feedback of any reader. */
  readonly lastFeedback: () => Promise<number>;
  /** Called after feedback or an erasure is in the store. */
  readonly changed: () => void;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
  /** Null where nobody collects traces. */
  readonly trace: Trace | null;
  readonly now: () => Date;
  /** True once the process is asked to stop. */
  readonly stopping: () => boolean;
}

/** A request before validation. */
export interface RawCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly snapshot: Snapshot;
}

/** A valid request, with the one view of the live model that it uses throughout. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  readonly snapshot: Snapshot;
}

/** One possible answer, for the OpenAPI document. */
export interface AnswerKind {
  readonly description: string;
  readonly type: string;
  readonly schema?: z.ZodType;
}

interface RouteShape<P, Q, B> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** OpenAPI style: `/recommend/{user_id}`. */
  readonly path: string;
  /** What a key must be good for where keys are asked for; `open` needs none. */
  readonly scope: Scope | 'open';
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly answers: Readonly<Record<number, readonly AnswerKind[]>>;
  /** Codes of the problems that it answers with, besides BAD_REQUEST and INTERNAL. */
  readonly problems: readonly number[];
}

/** An entry of the route table; feeds Express, the metrics and the OpenAPI document. */
export interface Route extends RouteShape<z.ZodObject, z.ZodObject, z.ZodType | null> {
  run(raw: RawCall, deps: ApiDeps): Answer | Promise<Answer>;
}

/** Ties schemas to a handler, so that the handler sees only what they let through. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType | null>(
  shape: RouteShape<P, Q, B> & {
    handle: (
      call: Call<z.output<P>, z.output<Q>, B extends z.ZodType ? z.output<B> : null>,
      deps: ApiDeps,
    ) => Answer | Promise<Answer>;
  },
): Route {
  const { handle, ...rest } = shape;
  return {
    ...rest,
    run(raw, deps) {
      const params = parseRequest(shape.params, raw.params, 'parameter');
      const query = parseRequest(shape.query, raw.query, 'parameter');
      // The conditional type cannot be narrowed by a test on the value.
      const body = (
        shape.body === null ? null : parseRequest(shape.body, raw.body, 'body')
      ) as B extends z.ZodType ? z.output<B> : null;
      return handle({ params, query, body, headers: raw.headers, snapshot: raw.snapshot }, deps);
    },
  };
}
