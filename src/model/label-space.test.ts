import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyOf, randomFamily } from '../testing/random-model-data.ts';
import { LabelPlacement } from './label-placement.ts';
import { buildLabelSpace, labelMembers } from './label-space.ts';
import { seededRandom } from './random.ts';

const genres = familyOf('genre', 3, [[0, 2], [1], [], [2]]);
const authors = familyOf('author', 5, [[4], [4], [0], []]);

describe('a label space', () => {
  const space = buildLabelSpace(4, [genres, authors]);

  it('numbers the labels of all families and shares the weight of several', () => {
    expect(Array.from(space.familyStart)).toEqual([0, 3, 8]);
    expect(Array.from(space.familyOf)).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    expect(Array.from(space.start)).toEqual([0, 3, 5, 6, 7]);
    expect(Array.from(space.label)).toEqual([0, 2, 7, 1, 7, 3, 2]);
    const half = Math.SQRT1_2;
    expect(Array.from(space.weight, (w) => w.toFixed(12))).toEqual(
      [half, half, 1, 1, 1, 1, 1].map((w) => w.toFixed(12)),
    );
    expect(Array.from(space.single)).toEqual([0, 1]);
  });

  it('is the same links from the side of the labels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.nat(30), (seed, entities) => {
        const random = seededRandom(seed);
        const any = buildLabelSpace(entities, [
          randomFamily(random, 'a', entities, 6, 3),
          randomFamily(random, 'b', entities, 4),
        ]);
        const members = labelMembers(any);
        const links = (start: Int32Array, of: (link: number, n: number) => string) =>
          Array.from({ length: start.length - 1 }, (_, n) =>
            Array.from({ length: start[n + 1] - start[n] }, (__, e) => of(start[n] + e, n)),
          ).flat();
        const fromEntities = links(any.start, (e, n) => `${n} ${any.label[e]} ${any.weight[e]}`);
        const fromLabels = links(
          members.start,
          (e, g) => `${members.entity[e]} ${g} ${members.weight[e]}`,
        );
        expect(fromLabels.toSorted()).toEqual(fromEntities.toSorted());
      }),
    );
  });

  it('may be without families', () => {
    const none = buildLabelSpace(3, []);
    expect(Array.from(none.start)).toEqual([0, 0, 0, 0]);
    expect(labelMembers(none).entity.length).toBe(0);
  });
});

describe('the placement of labels', () => {
  it('tells labels met once, repeated ones of the widest single family, and the others', () => {
    const space = buildLabelSpace(4, [genres, authors]);
    const placement = new LabelPlacement(space);
    expect(placement.armFamily).toBe(1);
    placement.assign(Int32Array.of(9, 0, 1, 3), 1, 4, 2, Float64Array.of(0.5, 0.3));
    // author 4 (label 7) on books 0 and 1 is the arm, genre 2 on books 0 and 3 is core
    expect(Array.from(placement.touched)).toEqual([0, 2, 7, 1]);
    expect([placement.coreSize, placement.arms]).toEqual([3, 1]);
    expect(Array.from(placement.arm.subarray(0, 3))).toEqual([0, 0, -1]);
    expect(Array.from(placement.coreStart.subarray(0, 4))).toEqual([0, 1, 1, 2]);
    expect(Array.from(placement.coreIndex.subarray(0, 2))).toEqual([2, 2]);
    // genre 0 met once with weight 1 / sqrt 2; genre 1 once with weight 1
    expect(placement.singleVar[0]).toBeCloseTo(0.25, 12);
    expect(placement.singleVar[1]).toBeCloseTo(0.5, 12);
    expect(placement.singleVar[2]).toBe(0);
  });

  it('has no arms where every family has books of several labels', () => {
    expect(new LabelPlacement(buildLabelSpace(4, [genres])).armFamily).toBe(-1);
  });
});
