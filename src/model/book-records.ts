import type { Directions } from './directions.ts';
import type { LabelSpace } from './label-space.ts';
import { sharedSingles } from './shared-array.ts';

/**
 * What readers look at of each book, in one place of the memory: book i has the numbers `values[i width .. (i + 1) width)`, which are d_i and, by
 * slot, a label or NaN. Family f has the slots `slot[f] .. slot[f + 1]`, as many as any book has labels of it, of which the first are taken.
 * A record of 16 numbers is a line of the cache. Labels are below 2^24, so that they are what they were.
 */
export interface BookRecords {
  readonly width: number;
  readonly slot: Int32Array;
  readonly values: Float32Array;
}

/** Numbers in a line of the cache. */
const LINE = 16;

/** Gathers labels and directions, in shared memory. */
export function bookRecordsOf(labels: LabelSpace, directions: Directions): BookRecords {
  const { entities, families } = labels;
  const each = new Int32Array(families.length);
  const most = new Int32Array(families.length);
  for (let book = 0; book < entities; book++) {
    each.fill(0);
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const f = labels.familyOf[labels.label[e]];
      if (++each[f] > most[f]) most[f] = each[f];
    }
  }
  const slot = new Int32Array(families.length + 1);
  // a family without labels has a slot too, so that none needs a case of its own
  most.forEach((count, f) => (slot[f + 1] = slot[f] + Math.max(1, count)));
  const { count, place } = directions;
  const taken = count + slot[families.length];
  const width = Math.ceil(taken / LINE) * LINE;
  const values = sharedSingles(entities * width);
  for (let book = 0, at = 0; book < entities; book++, at += width) {
    for (let a = 0; a < count; a++) values[at + a] = place[book * count + a];
    values.fill(NaN, at + count, at + width);
    each.fill(0);
    for (let e = labels.start[book]; e < labels.start[book + 1]; e++) {
      const f = labels.familyOf[labels.label[e]];
      values[at + count + slot[f] + each[f]++] = labels.label[e];
    }
  }
  return { width, slot, values };
}
