import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../../src/testing/find-program.ts';
import { chartFolder, goldenCases, goldenText, render, valuesFile } from './helm.ts';
import { valueRows } from './values-table.ts';

const text = readFileSync(`${chartFolder}/values.yaml`, 'utf8');
// Where Helm is missing, chart.test.ts says so.
const found = findProgram('helm') !== null;

/** Some other value of the same type. */
function other(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}x`;
  if (Array.isArray(value)) return [...(value as unknown[]), { name: 'x', host: 'x', paths: [] }];
  return { ...(value as object), x: 'y' };
}

/** `values` with one value changed; a copy. */
function changed(
  values: unknown,
  [key = '', ...rest]: readonly string[],
  fallback: unknown,
): object {
  const record = { ...(values as Readonly<Record<string, unknown>> | undefined) };
  const old = record[key];
  record[key] = rest.length === 0 ? other(old ?? fallback) : changed(old, rest, fallback);
  return record;
}

describe.runIf(found)('every value', () => {
  const cases = (found ? ['full', ...goldenCases()] : []).map((name) => {
    const values: unknown = parse(readFileSync(valuesFile(name), 'utf8'));
    return { values, plain: goldenText(render(values as object, { schema: false }).text) };
  });

  it('changes what is rendered in one of the cases', { timeout: 120_000 }, () => {
    const unused = valueRows(text).filter(({ path, fallback }) =>
      cases.every(({ values, plain }) => {
        const { text: now } = render(changed(values, path.split('.'), fallback), { schema: false });
        return goldenText(now) === plain;
      }),
    );
    expect(unused.map(({ path }) => path)).toEqual([]);
  });
});
