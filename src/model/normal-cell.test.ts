import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NormalCell } from './normal-cell.ts';
import { normalPdf } from './special-functions.ts';

const STEPS = 4000;

/** Mean, variance and entropy by the midpoint rule. */
function bySteps(m: number, sd: number, low: number, high: number) {
  const from = Math.max(low, m - 12 * sd);
  const to = Math.min(high, m + 12 * sd);
  const width = (to - from) / STEPS;
  const points = Array.from({ length: STEPS }, (_, n) => from + (n + 0.5) * width);
  const density = points.map((x) => normalPdf((x - m) / sd) / sd);
  const sum = (of: (x: number, p: number) => number): number =>
    points.reduce((total, x, n) => total + of(x, density[n]) * width, 0);
  const mass = sum((_, p) => p);
  const mean = sum((x, p) => x * p) / mass;
  return {
    mean,
    variance: sum((x, p) => (x - mean) ** 2 * p) / mass,
    entropy: -sum((_, p) => (p / mass) * Math.log(p / mass)),
  };
}

describe('a normal variable in a cell', () => {
  it('has the mean, variance and entropy of the truncated distribution (property)', () => {
    const anyEdge = fc.double({ min: -4, max: 4, noNaN: true });
    const anyCell = fc.record({
      m: fc.double({ min: -5, max: 5, noNaN: true }),
      sd: fc.double({ min: 0.3, max: 3, noNaN: true }),
      low: fc.oneof(anyEdge, fc.constant(-Infinity)),
      width: fc.oneof(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.constant(Infinity)),
    });
    const cell = new NormalCell();
    fc.assert(
      fc.property(anyCell, ({ m, sd, low, width }) => {
        const high = low === -Infinity ? 4 - Math.min(width, 8) : low + width;
        fc.pre(low < m + 9 * sd && high > m - 9 * sd);
        cell.take(m, sd, low, high);
        const wanted = bySteps(m, sd, low, high);
        expect(cell.mean).toBeCloseTo(wanted.mean, 5);
        expect(cell.variance).toBeCloseTo(wanted.variance, 5);
        expect(cell.entropy).toBeCloseTo(wanted.entropy, 4);
      }),
      { numRuns: 100 },
    );
  });

  it('is the variable itself in a cell without edges', () => {
    const cell = new NormalCell();
    cell.take(3, 2, -Infinity, Infinity);
    expect([cell.mean, cell.variance]).toEqual([3, 4]);
    expect(cell.entropy).toBeCloseTo(0.5 * Math.log(2 * Math.PI * Math.E * 4), 12);
  });

  it.each([
    { name: 'above', m: 0, low: 50, high: 51, edge: 50 },
    { name: 'below', m: 0, low: -51, high: -50, edge: -50 },
    { name: 'above without an end', m: -100, low: 1, high: Infinity, edge: 1 },
  ])('lies at the nearest edge of a cell far $name', ({ m, low, high, edge }) => {
    const cell = new NormalCell();
    cell.take(m, 1, low, high);
    expect(cell.mean).toBe(edge);
    expect([cell.variance, cell.entropy]).toEqual([0, 0]);
  });

  it('stays in the cell, with a variance that is one, however far away (property)', () => {
    const cell = new NormalCell();
    fc.assert(
      fc.property(
        fc.double({ min: -60, max: 60, noNaN: true }),
        fc.double({ min: 1e-3, max: 5, noNaN: true }),
        (m, width) => {
          cell.take(m, 1, 0, width);
          expect(cell.mean).toBeGreaterThanOrEqual(0);
          expect(cell.mean).toBeLessThanOrEqual(width);
          expect(cell.variance).toBeGreaterThanOrEqual(0);
          expect(cell.variance).toBeLessThanOrEqual(Math.min(1, (width * width) / 4));
          expect(Number.isFinite(cell.entropy)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
