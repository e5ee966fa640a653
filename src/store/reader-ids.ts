import { packColumns, unpackColumns } from './columns.ts';
import { idDirectoryKey, idPageKey } from './keys.ts';
import type { Kv } from './kv.ts';
import type { Entry } from './portions.ts';

/**
 * The ids of a version's readers, so that they can be listed without walking the backend's keys,
 * which Redis can do only over all of them and in no order. Written once, at commit: pages of ids in
 * bytewise (UTF-8) order, and a directory of each page's first id. A listing reads the directory
 * and the pages that it needs, on every backend.
 */
const PAGE_IDS = 1000;
/** A page of long ids ends earlier. */
const PAGE_BYTES = 128 * 1024;

/** Entries to store for these distinct ids; sorts a copy. */
export function idPages(version: string, ids: Iterable<string>): Entry[] {
  const sorted = Array.from(ids, (id) => Buffer.from(id, 'utf8')).sort((a, b) => a.compare(b));
  const entries: Entry[] = [];
  const first: string[] = [];
  for (let from = 0; from < sorted.length;) {
    let bytes = 0;
    let to = from;
    while (to < sorted.length && to - from < PAGE_IDS && bytes < PAGE_BYTES) {
      bytes += sorted[to]?.length ?? 0;
      to++;
    }
    const page = sorted.slice(from, to).map((id) => id.toString('utf8'));
    first.push(page[0] ?? '');
    entries.push([idPageKey(version, entries.length), packColumns({ ids: page })]);
    from = to;
  }
  entries.push([idDirectoryKey(version), packColumns({ first })]);
  return entries;
}

/** Ids after `after` in bytewise order, at most `limit`; none if the version is not complete. */
export async function listIds(
  kv: Kv,
  version: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const directory = await kv.get(idDirectoryKey(version));
  if (directory === null) return [];
  const first = unpackColumns(directory).strings('first');
  const found: string[] = [];
  for (let page = pageOf(first, after); page < first.length && found.length < limit; page++) {
    const stored = await kv.get(idPageKey(version, page));
    // A version deleted meanwhile has no more ids to list.
    if (stored === null) return found;
    const ids = unpackColumns(stored).strings('ids');
    const from = after === null ? 0 : countUpTo(ids, after);
    found.push(...ids.slice(from, from + limit - found.length));
  }
  return found;
}

/**
 * Takes an id off its page, and out of the directory. Two at the same time can undo each other: whoever lists ids leaves out
 * those of erased readers as well.
 */
export async function dropId(kv: Kv, version: string, id: string): Promise<void> {
  const directory = await kv.get(idDirectoryKey(version));
  if (directory === null) return;
  const first = unpackColumns(directory).strings('first');
  const page = Math.max(0, countUpTo(first, id) - 1);
  const stored = await kv.get(idPageKey(version, page));
  if (stored === null) return;
  const ids = unpackColumns(stored).strings('ids');
  const rest = ids.filter((other) => other !== id);
  if (rest.length === ids.length) return;
  await kv.put(idPageKey(version, page), packColumns({ ids: rest }));
  if (first[page] !== id) return;
  // An empty page needs a place between its neighbours.
  const start = rest[0] ?? first[page + 1] ?? first[page - 1] ?? '';
  await kv.put(idDirectoryKey(version), packColumns({ first: first.with(page, start) }));
}

/** The page in which the ids after `after` start. */
function pageOf(first: readonly string[], after: string | null): number {
  return after === null ? 0 : Math.max(0, countUpTo(first, after) - 1);
}

/** How many of the sorted ids are not after `id`. */
function countUpTo(sorted: readonly string[], id: string): number {
  const wanted = Buffer.from(id, 'utf8');
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.from(sorted[middle] ?? '', 'utf8').compare(wanted) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
