import { z } from 'zod';
import { AppError } from '../runtime/errors.ts';
import { InvalidRequest } from './problem.ts';

/** Where a page starts: which version, which order, how many entries before it. */
const placeSchema = z.tuple([z.string(), z.string(), z.int().min(1)]);

/** Cursor of the page that starts behind `count` entries of the order `order` of a version. */
export function cursorOf(version: string, order: string, count: number): string {
  return Buffer.from(JSON.stringify([version, order, count]), 'utf8').toString('base64url');
}

/**
 * How many entries come before the page; 0 without a cursor. Throws `InvalidRequest` for a cursor of another order and
 * for what is none, and `CURSOR_EXPIRED` for one of another version.
 */
export function placeOf(cursor: string | undefined, version: string, order: string): number {
  if (cursor === undefined) return 0;
  const [ofVersion, ofOrder, count] = read(cursor);
  if (ofOrder !== order) {
    throw new InvalidRequest([{ path: 'cursor', message: 'Belongs to another list or order' }]);
  }
  if (ofVersion === version) return count;
  throw new AppError(
    'CURSOR_EXPIRED',
    `The cursor belongs to version ${ofVersion}, and it is ${version} now.`,
    'Start again without cursor.',
  );
}

function read(cursor: string): z.output<typeof placeSchema> {
  try {
    return placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new InvalidRequest([{ path: 'cursor', message: 'Is no `next` of a page' }]);
  }
}
