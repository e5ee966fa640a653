import { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { fetch } from 'undici';
import type { ApiAccess } from './api-access.ts';

/** Longest time for one answer; a watch has its own rules. */
const TIMEOUT_MS = 30_000;

/** An answer of the API server that is not a success, or no answer (status 0). */
export class ApiError extends Error {
  readonly status: number;
  /** Kubernetes' word for it, such as `AlreadyExists`. */
  readonly reason: string;
  /** As the server asked for it with 429 or 503. */
  readonly retryAfterMs: number | null;

  constructor(
    status: number,
    reason: string,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | null } = {},
  ) {
    super(message, options);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

type Method = keyof typeof HttpMethod;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Requests in plain JSON: the typed client of the library turns times into dates and loses what it does not know. */
export class ApiClient {
  readonly access: ApiAccess;
  readonly #timeoutMs: number;
  readonly #onAnswer: (method: string, status: number) => void;

  constructor(
    access: ApiAccess,
    onAnswer: (method: string, status: number) => void = () => undefined,
    timeoutMs: number = TIMEOUT_MS,
  ) {
    this.access = access;
    this.#onAnswer = onAnswer;
    this.#timeoutMs = timeoutMs;
  }

  /** The answer's JSON; throws `ApiError`. */
  async request(method: Method, path: string, options: RequestOptions = {}): Promise<unknown> {
    const { query = {}, body, contentType = 'application/json' } = options;
    const url = new URL(this.access.getCurrentCluster().server + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const context = new RequestContext(url.toString(), HttpMethod[method]);
    await this.access.applySecurityAuthentication(context);
    const { status, text, retryAfter } = await this.#send(context, method, contentType, body);
    if (status < 300) return parse(text);
    throw errorOf(status, text, retryAfter);
  }

  /** The same, with null for 404. */
  async find(path: string): Promise<unknown> {
    try {
      return await this.request('GET', path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  async #send(
    context: RequestContext,
    method: Method,
    contentType: string,
    body: unknown,
  ): Promise<{ status: number; text: string; retryAfter: string | null }> {
    const dispatcher = context.getDispatcher();
    try {
      const answer = await fetch(context.getUrl(), {
        method,
        headers: {
          ...context.getHeaders(),
          Accept: 'application/json',
          'User-Agent': 'bookrec-controller',
          ...(body !== undefined && { 'Content-Type': contentType }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(dispatcher !== undefined && { dispatcher }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = await answer.text();
      this.#onAnswer(method, answer.status);
      return { status: answer.status, text, retryAfter: answer.headers.get('retry-after') };
    } catch (cause) {
      this.#onAnswer(method, 0);
      throw new ApiError(0, 'Unreachable', 'The API server does not answer', { cause });
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError(0, 'Unreadable', 'The API server gave no JSON', { cause });
  }
}

function errorOf(status: number, text: string, retryAfter: string | null): ApiError {
  const seconds = Number(retryAfter ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? 1000 * seconds : null;
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    return new ApiError(status, asText(reason), asText(message), { retryAfterMs });
  } catch {
    return new ApiError(status, '', text.slice(0, 500), { retryAfterMs });
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');
