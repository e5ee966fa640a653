import { describe, expect, it } from 'vitest';
import { familyOf, randomFamily } from '../testing/random-model-data.ts';
import { packed, randomPrecision } from '../testing/random-reader.ts';
import { buildLabelSpace } from './label-space.ts';
import { normalDraw, seededRandom } from './random.ts';
import { SidePrior } from './side-prior.ts';
import type { SidePosteriors } from './side-prior.ts';
import { wishart } from './wishart.ts';

const ENTITIES = 2000;

/** Means around label effects, spread by one matrix; nearly certain posteriors. */
function planted(dim: number) {
  const random = seededRandom(3);
  const families = [
    randomFamily(random, 'country', ENTITIES, 3),
    randomFamily(random, 'interest', ENTITIES, 4, 3),
  ];
  const space = buildLabelSpace(ENTITIES, families);
  const effect = Float64Array.from({ length: 7 * dim }, () => normalDraw(random));
  const spread = randomPrecision(random, dim, 0.2);
  const mean = new Float64Array(ENTITIES * dim);
  for (let n = 0; n < ENTITIES; n++) {
    const z = Array.from({ length: dim }, () => normalDraw(random));
    for (let d = 0; d < dim; d++) {
      let sum = 2 + d;
      for (let a = 0; a < dim; a++) sum += spread[d * dim + a] * z[a];
      for (let e = space.start[n]; e < space.start[n + 1]; e++) {
        sum += space.weight[e] * effect[space.label[e] * dim + d];
      }
      mean[n * dim + d] = sum;
    }
  }
  const tiny = packed(randomPrecision(random, dim, 1e-4), dim);
  const side: SidePosteriors = {
    mean,
    cov: Float64Array.from(mean.subarray(0, ENTITIES)).map(() => 0),
    active: new Uint8Array(ENTITIES).fill(1),
  };
  const cov = Float64Array.from(Array.from({ length: ENTITIES }, () => tiny).flat());
  return { space, effect, side: { ...side, cov } };
}

describe('the prior of a side', () => {
  it('finds planted effects of the labels', () => {
    const dim = 3;
    const { space, effect, side } = planted(dim);
    const prior = new SidePrior(space, dim);
    for (let pass = 0; pass < 100; pass++) prior.update(side);
    // intercept and effects of a family that every entity has are told apart by their differences only
    for (let d = 0; d < dim; d++) {
      const got = prior.effect[dim + d] - prior.effect[d];
      expect(Math.abs(got - effect[dim + d] + effect[d])).toBeLessThan(0.1);
    }
    let squares = 0;
    for (let i = 0; i < side.mean.length; i++) squares += (side.mean[i] - prior.mean[i]) ** 2;
    let unexplained = 0;
    const average = side.mean.reduce((sum, x) => sum + x, 0) / side.mean.length;
    for (const x of side.mean) unexplained += (x - average) ** 2;
    expect(squares).toBeLessThan(0.15 * unexplained);
  });

  it('learns the precision of what is left over', () => {
    const dim = 2;
    const { space, side } = planted(dim);
    const prior = new SidePrior(space, dim);
    for (let pass = 0; pass < 50; pass++) prior.update(side);
    const scatter = new Float64Array(dim * dim);
    for (let n = 0; n < ENTITIES; n++) {
      for (let at = 0; at < dim * dim; at++) {
        const [a, b] = [Math.floor(at / dim), at % dim];
        const of = (d: number) => side.mean[n * dim + d] - prior.mean[n * dim + d];
        scatter[at] += of(a) * of(b);
      }
    }
    const want = wishart(dim, ENTITIES, scatter).mean;
    prior.precision.mean.forEach((value, at) => {
      expect(Math.abs(value - want[at])).toBeLessThan(0.1 * want[0]);
    });
  });

  it('shrinks to nothing the effects of labels that say nothing', () => {
    const random = seededRandom(6);
    const space = buildLabelSpace(ENTITIES, [randomFamily(random, 'noise', ENTITIES, 20)]);
    const side = {
      mean: Float64Array.from({ length: ENTITIES }, () => normalDraw(random)),
      cov: new Float64Array(ENTITIES).fill(0.01),
      active: new Uint8Array(ENTITIES).fill(1),
    };
    const prior = new SidePrior(space, 1);
    for (let pass = 0; pass < 200; pass++) prior.update(side);
    for (const effect of prior.effect) expect(Math.abs(effect)).toBeLessThan(0.1);
  });

  it('rests when tightly correlated dimensions share one label', () => {
    // with four dimensions of correlation 0.9, updates side by side would run away
    const dim = 4;
    const labels = familyOf(
      'all',
      1,
      Array.from({ length: 50 }, () => [0]),
    );
    const prior = new SidePrior(buildLabelSpace(50, [labels]), dim);
    const scale = Float64Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : -0.32));
    prior.precision = wishart(dim, 50, scale);
    const random = seededRandom(2);
    const side = {
      mean: Float64Array.from({ length: 200 }, () => normalDraw(random)),
      cov: Float64Array.from(
        Array.from({ length: 50 }, () => packed(randomPrecision(random, dim), dim)).flat(),
      ),
      active: new Uint8Array(50).fill(1),
    };
    const value = () => prior.kl() + prior.crossEntropy(side);
    let before = value();
    for (let pass = 0; pass < 30; pass++) {
      prior.update(side);
      expect(value()).toBeLessThanOrEqual(before + 1e-9 * Math.abs(before));
      before = value();
    }
  });

  it('takes no notice of entities without ratings, and gives them the mean of their labels', () => {
    const { space, side } = planted(2);
    const half = { ...side, active: side.active.map((_, n) => n % 2) };
    const wild = { ...half, mean: half.mean.map((x, i) => (half.active[i >> 1] === 1 ? x : 1e6)) };
    const [prior, other] = [new SidePrior(space, 2), new SidePrior(space, 2)];
    for (let pass = 0; pass < 5; pass++) {
      prior.update(half);
      other.update(wild);
    }
    expect(other.precision.mean).toEqual(prior.precision.mean);
    other.mean.forEach((value, i) => {
      expect(value).toBeCloseTo(prior.mean[i], 6);
    });
    const own = new Float64Array(2);
    other.meanOf(space.label, space.weight, space.start[8], space.start[9], own, 0);
    expect(Array.from(own)).toEqual(Array.from(other.mean.subarray(16, 18)));
  });

  it('stays as it is without any entity that has ratings', () => {
    const prior = new SidePrior(buildLabelSpace(3, []), 2);
    prior.update({
      mean: new Float64Array(6),
      cov: new Float64Array(9),
      active: new Uint8Array(3),
    });
    expect(Array.from(prior.mean)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(prior.precision.mean.every(Number.isFinite)).toBe(true);
  });
});

describe('free ridges', () => {
  /** Mean square of the effects that the ridge stands for, learned from one noisy sight of each entity. */
  function learned(free: boolean): number {
    const random = seededRandom(5);
    const labels = 200;
    const members = 5;
    const entities = labels * members;
    const own = Array.from({ length: entities }, (_, n) => [Math.floor(n / members)]);
    const effect = Array.from({ length: labels }, () => Math.sqrt(0.25) * normalDraw(random));
    const noise = 1;
    const seen = own.map(
      ([g = 0]) => (effect[g] ?? NaN) + 0.5 * normalDraw(random) + normalDraw(random),
    );
    const prior = new SidePrior(buildLabelSpace(entities, [familyOf('author', labels, own)]), 1);
    const side = {
      mean: new Float64Array(entities),
      cov: new Float64Array(entities),
      active: new Uint8Array(entities).fill(1),
    };
    for (let round = 0; round < 200; round++) {
      const precision = prior.precision.mean[0];
      seen.forEach((value, n) => {
        side.cov[n] = 1 / (precision + 1 / noise);
        side.mean[n] = side.cov[n] * (precision * prior.mean[n] + value / noise);
      });
      prior.update(side);
      if (free) prior.freeRidges();
    }
    return prior.ridge[0].rate / prior.ridge[0].shape;
  }

  it('find the planted variance of the effects where the ridges of the bound lose it', () => {
    expect(learned(true)).toBeGreaterThan(0.12);
    expect(learned(true)).toBeLessThan(0.5);
    expect(learned(false)).toBeLessThan(0.08);
  });
});
