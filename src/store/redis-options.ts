import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

/** What the address does not carry. */
export interface RedisAccess {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM file of the certificate authority, for `rediss://`. */
  readonly caFile?: string | undefined;
  /** Told of what fails while nobody waits for it. */
  readonly log?: Log | undefined;
}

/** Longest wait for a connection, ms. */
const CONNECT_TIMEOUT = 2_000;
/** Longest wait for a reply, ms: a portion of 4 MiB over a slow network. */
const COMMAND_TIMEOUT = 5_000;
/** Longest silence of a socket with commands under way, ms; else a vanished node holds it for minutes. */
const SOCKET_TIMEOUT = 10_000;
/** Longest pause between two attempts to connect, ms. */
const MAX_RETRY_DELAY = 1_000;

/** What the client needs to connect, and the address without secrets. */
export interface RedisTarget {
  readonly address: string;
  readonly options: RedisOptions;
}

/** Reads `redis[s]://[user[:password]@]host[:port][/db]`; throws `BAD_SETTINGS`. */
export function redisTarget(text: string, access: RedisAccess): RedisTarget {
  const url = parseUrl(text);
  const secure = url.protocol === 'rediss:';
  const db = databaseOf(url);
  const port = url.port === '' ? 6379 : Number(url.port);
  const username = access.username ?? decoded(url.username);
  const password = access.password ?? decoded(url.password);
  return {
    address: `${url.protocol}//${url.hostname}:${port}/${db}`,
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      db,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(secure && { tls: access.caFile === undefined ? {} : { ca: readCa(access.caFile) } }),
      connectTimeout: CONNECT_TIMEOUT,
      commandTimeout: COMMAND_TIMEOUT,
      socketTimeout: SOCKET_TIMEOUT,
      maxRetriesPerRequest: 2,
      enableAutoPipelining: false,
      connectionName: 'bookrec',
      // Not all replicas at the same moment, when the server is back.
      retryStrategy: (times) =>
        Math.min(50 * 2 ** Math.min(times, 10), MAX_RETRY_DELAY) * (0.5 + 0.5 * Math.random()),
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') {
    throw badAddress('is not a valid URL');
  }
  return url;
}

function databaseOf(url: URL): number {
  const [, db] = /^\/?(\d{0,4})$/.exec(url.pathname) ?? [];
  if (db === undefined) throw badAddress('has a path that is not the number of a database');
  return Number(db);
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    // The part may be a password, so that neither it nor the cause is named.
    throw badAddress('has a user or password with a stray %');
  }
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AppError(
      'BAD_SETTINGS',
      `The certificate file ${path} cannot be read`,
      'Give a readable PEM file.',
      { cause },
    );
  }
}

function badAddress(what: string): AppError {
  return new AppError(
    'BAD_SETTINGS',
    `The address of the store ${what}`,
    'Use redis://HOST:PORT/DB or rediss://HOST:PORT/DB; percent-encode what is special in a password.',
  );
}
