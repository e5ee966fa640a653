import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../contracts/api-keys.ts';
import { AppError } from '../runtime/errors.ts';
import type { ApiKeys, KeyHolder } from './api-keys.ts';

/** Decides whose requests are answered. */
export interface Door {
  /** Whether a key is asked for, so that answers are not for everybody. */
  readonly asksForKeys: boolean;
  /**
   * Name of the key that a request comes with; null where there is none. Throws `KEY_NEEDED`, `KEY_LACKS_SCOPE` or
   * `RATE_LIMITED`, and sets the headers that tell a client about it.
   */
  admit(scope: Scope | 'open', request: IncomingMessage, response: ServerResponse): string | null;
}

const BEARER = /^Bearer +([\w.~+/=-]+) *$/i;
const REALM = 'Bearer realm="bookrec"';

/** A door that asks for `keys`; without them it is open to all. */
export function doorWith(keys: ApiKeys | null): Door {
  return {
    asksForKeys: keys !== null,
    admit: (scope, request, response) => {
      if (scope === 'open' || keys === null) return null;
      const holder = holderOf(keys, request, response);
      if (holder.scopes.has(scope)) return holder.name;
      response.setHeader(
        'WWW-Authenticate',
        `${REALM}, error="insufficient_scope", scope="${scope}"`,
      );
      throw new AppError(
        'KEY_LACKS_SCOPE',
        `The key is not good for the scope ${scope}.`,
        'Use another key, or have the scope added to this one.',
      );
    },
  };
}

function holderOf(
  keys: ApiKeys,
  { headers }: IncomingMessage,
  response: ServerResponse,
): KeyHolder {
  const [, key] = BEARER.exec(headers.authorization ?? '') ?? [];
  const holder = key === undefined ? null : keys.holder(key);
  if (holder !== null) return holder;
  const given = headers.authorization !== undefined;
  response.setHeader('WWW-Authenticate', given ? `${REALM}, error="invalid_token"` : REALM);
  throw new AppError(
    'KEY_NEEDED',
    given ? 'The key is not known, or has expired.' : 'There is no key in the request.',
    'Send it in the header Authorization: Bearer KEY.',
  );
}
