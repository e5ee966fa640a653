import { describe, expect, it } from 'vitest';
import { type Results, benchmarksPage, withFigures } from './page.ts';
import { atMost, notMeasured, percentile } from './part.ts';

const results: Results = {
  machine: [
    ['date', '2026-01-02'],
    ['processor', 'A | B'],
  ],
  parts: [
    {
      title: 'Serving',
      figures: [
        atMost({ what: 'start', command: 'a', value: 1.994, limit: 2, digits: 1, unit: ' s' }),
        atMost({ what: 'memory', command: 'b', value: 1025, limit: 1024, digits: 0, note: 'n' }),
        notMeasured('load', 'at least 10', 'wrk is missing', 'c'),
        { what: 'extra', asked: null, measured: '5', reached: null, command: 'd' },
      ],
      notes: [],
      details: [],
    },
  ],
};

describe('docs/benchmarks.md', () => {
  it('judges each figure by its unrounded value and leaves open what was not measured', () => {
    expect(
      benchmarksPage(results)
        .split('\n')
        .filter((line) => line.endsWith('` |')),
    ).toEqual([
      '| start | at most 2 s | 2.0 s | yes | `a` |',
      '| memory | at most 1,024 | 1,025 (n) | **no** | `b` |',
      '| load | at least 10 | not measured: wrk is missing |  | `c` |',
      '| extra |  | 5 |  | `d` |',
    ]);
  });

  it('keeps bars in a cell', () => {
    expect(benchmarksPage(results)).toContain('| processor | A \\| B |');
  });
});

describe('figures in the README', () => {
  it('replace what stands between the markers, and only that', () => {
    const readme = 'a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n';
    const written = withFigures(readme, results);
    expect(written).toMatch(/^a\n<!-- figures -->\nMeasured /);
    expect(written).toMatch(/<!-- \/figures -->\nb\n$/);
    expect(written).toContain('| load | at least 10 | not measured: wrk is missing | `c` |');
    expect(written).not.toContain('old');
    expect(written).not.toContain('extra');
    expect(withFigures(written, results)).toBe(written);
  });

  it.each(['', '<!-- figures -->', '<!-- /figures --> <!-- figures -->'])(
    'are refused by a text without both markers in order: %j',
    (readme) => {
      expect(() => withFigures(readme, results)).toThrow('the page needs');
    },
  );
});

describe('percentile', () => {
  it('is the smallest value that the share does not exceed', () => {
    const values = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect(percentile(values, 0.99)).toBe(198);
    expect(percentile(values, 0.5)).toBe(100);
    expect(percentile([7], 0.99)).toBe(7);
  });
});
