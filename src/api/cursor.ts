import { z } from 'zod';
import { AppError } from '../runtime/errors.ts';
import { type LiveModel, type Snapshot, trained } from './live-model.ts';
import type { LiveVersion } from './live-version.ts';
import { InvalidRequest } from './problem.ts';

/** Where a page starts. */
export interface Place {
  readonly version: string;
  /** Number of the last feedback of the reader whose list it is; 0 where there was none. */
  readonly revision: number;
  /** Entries before it. */
  readonly count: number;
}

/** Version, number of the feedback, order, entries before it. */
const cursorSchema = z.tuple([
  z.string().regex(/^[\w.-]{1,128}$/),
  z.int().min(0),
  z.string(),
  z.int().min(1),
]);

/** Cursor of the page that starts at a place of the order `order`. */
export function cursorOf({ version, revision, count }: Place, order: string): string {
  const parts = [version, revision, order, count];
  return Buffer.from(JSON.stringify(parts), 'utf8').toString('base64url');
}

/** Where the page starts; null without a cursor. Throws `InvalidRequest` for a cursor of another order and for what is none. */
export function placeOf(cursor: string | undefined, order: string): Place | null {
  if (cursor === undefined) return null;
  const [version, revision, ofOrder, count] = read(cursor);
  if (ofOrder === order) return { version, revision, count };
  throw new InvalidRequest([{ path: 'cursor', message: 'Belongs to another list or order' }]);
}

function read(cursor: string): z.output<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new InvalidRequest([{ path: 'cursor', message: 'Is no `next` of a page' }]);
  }
}

/** The version whose pages are turned, live or not; throws `CURSOR_EXPIRED` where the store has it no more. */
export async function versionAt(
  place: Place | null,
  snapshot: Snapshot,
  live: LiveModel,
): Promise<LiveVersion> {
  const now = trained(snapshot);
  if (place === null || place.version === now.id) return now;
  const version = await live.earlier(place.version);
  if (version !== null) return version;
  throw expired(`Version ${place.version} of the cursor is not kept any more.`);
}

/** What a cursor says that nobody can go on from. */
export function expired(why: string): AppError {
  return new AppError('CURSOR_EXPIRED', why, 'Start again without cursor.');
}
