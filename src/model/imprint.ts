import isbn3 from 'isbn3';
import { classifyBookId } from './isbn.ts';

/** Ranges of registrants by prefix and group, such as `978-0`. */
const RANGES = new Map(Object.entries(isbn3.groups).map(([group, { ranges }]) => [group, ranges]));

/** Digits of the longest group of publishers. */
const MAX_GROUP = 5;

/**
 * Publisher prefix of a valid ISBN-10, as group and registrant: `0-306` of 0306406152. Null for any
 * other id, and in ranges that the ISBN agency has not given out.
 */
export function imprintOf(id: string): string | null {
  if (id.length !== 10 || classifyBookId(id).kind !== 'isbn') return null;
  for (let length = 1; length <= MAX_GROUP; length++) {
    const group = id.slice(0, length);
    const ranges = RANGES.get(`978-${group}`);
    if (ranges !== undefined) return registered(group, id.slice(length), ranges);
  }
  return null;
}

/** Both ends of a range have the length of the registrants in it, so they compare as text. */
function registered(
  group: string,
  rest: string,
  ranges: ReadonlyArray<readonly [low: string, high: string]>,
): string | null {
  for (const [low, high] of ranges) {
    const registrant = rest.slice(0, low.length);
    if (low <= registrant && registrant <= high) return `${group}-${registrant}`;
  }
  return null;
}
