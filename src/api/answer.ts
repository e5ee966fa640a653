import { createHash } from 'node:crypto';

/** What a handler gives back; `exchange` writes it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /** Each character of the body is one of its bytes, and not one of a text. */
  readonly isBytes?: true;
  /** Counted in the metrics: where a list came from. */
  readonly source?: string;
  /** Whom it is about, and the number of their last feedback: it does not hold any more once there is another. */
  readonly reader?: { readonly id: string; readonly revision: number };
}

/** Answers hold for as long as the version is live, but a cache cannot know when it ends. */
export const CACHEABLE = 'public, max-age=60, stale-while-revalidate=600';
/** Where a key is needed, no shared cache may answer those who have none. */
export const CACHEABLE_BY_CLIENT = CACHEABLE.replace('public', 'private');

/** Whoever keeps the answer asks each time whether it still holds: its reader says new things now and then. */
const CHANGING = 'private, no-cache';

/** Changes whenever the same version is written down differently. */
const REPRESENTATION = '2';

/** JSON that must not be kept by caches. */
export function freshJson(body: object, status = 200): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    body: JSON.stringify(body),
  };
}

/** JSON that follows from the model's version and the request, and where it `changes` from what a reader says; `etag` from `etagOf`. */
export function cacheableJson(body: object, etag: string, changes = false): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': changes ? CHANGING : CACHEABLE,
      ETag: etag,
    },
    body: JSON.stringify(body),
  };
}

/** The client has it already. */
export function notModified(etag: string, changes = false): Answer {
  const control = changes ? CHANGING : CACHEABLE;
  return { status: 304, headers: { 'Cache-Control': control, ETag: etag }, body: '' };
}

/** Strong ETag of an answer that is a function of `parts` only. */
export function etagOf(...parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([REPRESENTATION, ...parts]));
  return `"${hash.digest('base64url').slice(0, 22)}"`;
}

/** If-None-Match: weak comparison over the list, or `*`. */
export function etagMatches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag) return true;
  return ifNoneMatch.split(',').some((given) => {
    const tag = given.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
