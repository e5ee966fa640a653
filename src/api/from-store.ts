import { withDeadline } from './deadline.ts';
import type { ApiMetrics } from './metrics.ts';

/** What the store gives, within the deadline or `ms`; a failure is counted. */
export async function fromStore<T>(
  work: Promise<T>,
  { metrics }: { readonly metrics: ApiMetrics },
  ms?: number,
): Promise<T> {
  try {
    return await withDeadline(work, ms);
  } catch (error) {
    metrics.storeError(error);
    throw error;
  }
}

/** A page, and where the next one starts: the name of its last entry, or null where it is the last page. */
export interface Page<T> {
  readonly shown: T[];
  readonly next: string | null;
}

/** The first `limit` entries of what the store gives; one more than asked for tells whether there is a next page. */
export async function pageFrom<T>(
  limit: number,
  read: (limit: number) => Promise<readonly T[]>,
  nameOf: (entry: T) => string,
  deps: { readonly metrics: ApiMetrics },
): Promise<Page<T>> {
  const entries = await fromStore(read(limit + 1), deps);
  const shown = entries.slice(0, limit);
  const last = shown.at(-1);
  const next = entries.length > limit && last !== undefined ? nameOf(last) : null;
  return { shown, next };
}
