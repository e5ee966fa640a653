import type { IncomingMessage } from 'node:http';
import type { Scope } from '../contracts/api-keys.ts';
import { AppError } from '../runtime/errors.ts';
import type { ApiKeys, KeyHolder } from './api-keys.ts';
import { addressOf, type RateLimit } from './rate-limit.ts';

/** Decides whose requests are answered. */
export interface Door {
  /** Whether a key is asked for, so that answers are not for everybody. */
  readonly asksForKeys: boolean;
  /**
   * Name of the key that a request comes with; null where there is none. Throws `KEY_NEEDED`, `KEY_LACKS_SCOPE` or
   * `RATE_LIMITED`, and adds to `headers` those of the answer that tell a client about it.
   */
  admit(scope: Scope | 'open', request: IncomingMessage, headers: AnswerHeaders): string | null;
}

/** Headers of an answer that is not written yet. */
export type AnswerHeaders = Record<string, string | number>;

const BEARER = /^Bearer +([\w.~+/=-]+) *$/i;
const REALM = 'Bearer realm="bookrec"';

/** What a door is made of. */
interface DoorParts {
  /** Keys to ask for; null for none. */
  readonly keys?: ApiKeys | null;
  /** Null for no limit. */
  readonly rateLimit?: RateLimit | null;
  readonly trustedProxies?: number;
}

/** A door that asks for keys and limits requests as far as it is given them; else it is open to all. */
export function doorOf({ keys = null, rateLimit = null, trustedProxies = 0 }: DoorParts): Door {
  return {
    asksForKeys: keys !== null,
    admit: (scope, request, headers) => {
      if (scope === 'open') return null;
      const holder = keys === null ? null : holderOf(keys, request);
      if (rateLimit !== null) {
        if (holder !== null) spend(rateLimit, 'key', holder.name, headers);
        else spend(rateLimit, 'address', addressOf(request, trustedProxies), headers);
      }
      if (keys === null) return null;
      if (holder === null) throw keyNeeded(request, headers);
      if (!holder.scopes.has(scope)) throw lacksScope(scope, headers);
      return holder.name;
    },
  };
}

/** Counts a request and says how the client stands, as draft-ietf-httpapi-ratelimit-headers has it. */
function spend(
  rateLimit: RateLimit,
  kind: 'key' | 'address',
  client: string,
  headers: AnswerHeaders,
): void {
  const { allowed, left, seconds } = rateLimit.take(`${kind} ${client}`);
  const { limit } = rateLimit;
  headers['RateLimit-Policy'] = `"${kind}";q=${limit.points};w=${limit.seconds}`;
  headers['RateLimit'] = `"${kind}";r=${left};t=${seconds}`;
  if (allowed) return;
  headers['Retry-After'] = seconds;
  throw new AppError(
    'RATE_LIMITED',
    `There were more than ${limit.points} requests of this ${kind} in ${limit.seconds} s.`,
    `Go on in ${seconds} s.`,
  );
}

function holderOf(keys: ApiKeys, { headers }: IncomingMessage): KeyHolder | null {
  const [, key] = BEARER.exec(headers.authorization ?? '') ?? [];
  return key === undefined ? null : keys.holder(key);
}

function keyNeeded(request: IncomingMessage, headers: AnswerHeaders): AppError {
  const given = request.headers.authorization !== undefined;
  headers['WWW-Authenticate'] = given ? `${REALM}, error="invalid_token"` : REALM;
  return new AppError(
    'KEY_NEEDED',
    given ? 'The key is not known, or has expired.' : 'There is no key in the request.',
    'Send it in the header Authorization: Bearer KEY.',
  );
}

function lacksScope(scope: Scope, headers: AnswerHeaders): AppError {
  headers['WWW-Authenticate'] = `${REALM}, error="insufficient_scope", scope="${scope}"`;
  return new AppError(
    'KEY_LACKS_SCOPE',
    `The key is not good for the scope ${scope}.`,
    'Use another key, or have the scope added to this one.',
  );
}
