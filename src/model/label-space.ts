import type { FeatureFamily } from './data.ts';
import { countingOrder, countingStarts } from './rating-matrix.ts';
import { sharedFloats, sharedInts } from './shared-array.ts';

/**
 * All label families of one side in one index space: family f owns the labels `familyStart[f] .. familyStart[f + 1]`.
 * An entity with m labels of a family carries each with weight 1 / sqrt(m), so that every family counts alike.
 */
export interface LabelSpace {
  readonly entities: number;
  readonly families: readonly string[];
  readonly familyStart: Int32Array;
  /** Family of each label; length G. */
  readonly familyOf: Uint8Array;
  /** Labels of entity n: `label[start[n] .. start[n + 1])`, with weights; in family order. */
  readonly start: Int32Array;
  readonly label: Int32Array;
  readonly weight: Float64Array;
  /** 1 where no entity has two labels of the family. */
  readonly single: Uint8Array;
}

/** Joins families into one space, keeping their order. */
export function buildLabelSpace(entities: number, families: readonly FeatureFamily[]): LabelSpace {
  const familyStart = new Int32Array(families.length + 1);
  families.forEach((family, f) => {
    familyStart[f + 1] = familyStart[f] + family.labels.length;
  });
  const total = familyStart[families.length];
  const familyOf = new Uint8Array(total);
  families.forEach((_, f) => familyOf.fill(f, familyStart[f], familyStart[f + 1]));
  const start = sharedInts(entities + 1);
  for (let n = 0; n < entities; n++) {
    let count = 0;
    for (const family of families) count += family.offsets[n + 1] - family.offsets[n];
    start[n + 1] = start[n] + count;
  }
  const label = sharedInts(start[entities]);
  const weight = sharedFloats(start[entities]);
  const single = new Uint8Array(families.length).fill(1);
  for (let n = 0, at = 0; n < entities; n++) {
    for (let f = 0; f < families.length; f++) {
      const { offsets, indices } = families[f];
      const count = offsets[n + 1] - offsets[n];
      if (count > 1) single[f] = 0;
      for (let e = offsets[n]; e < offsets[n + 1]; e++, at++) {
        label[at] = familyStart[f] + indices[e];
        weight[at] = 1 / Math.sqrt(count);
      }
    }
  }
  const names = families.map((family) => family.name);
  return { entities, families: names, familyStart, familyOf, start, label, weight, single };
}

/** The same links seen from the labels: entities of label g are `entity[start[g] .. start[g + 1])`. */
export interface LabelMembers {
  readonly start: Int32Array;
  readonly entity: Int32Array;
  readonly weight: Float64Array;
}

/** Turns a label space around; entities of a label come in ascending order. */
export function labelMembers(space: LabelSpace): LabelMembers {
  const total = space.familyStart[space.families.length];
  const start = countingStarts(space.label, total);
  const order = countingOrder(space.label, start);
  const entityOfLink = new Int32Array(space.label.length);
  for (let n = 0; n < space.entities; n++) entityOfLink.fill(n, space.start[n], space.start[n + 1]);
  return {
    start,
    entity: order.map((link) => entityOfLink[link]),
    weight: Float64Array.from(order, (link) => space.weight[link]),
  };
}
