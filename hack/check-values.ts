/**
 * Fails if some value of the chart changes nothing that is rendered, in any of the cases of charts/bookrec/ci: a value that is documented and not
 * read. Each is changed alone, which takes half a minute and is no part of `make test` for that. Needs Helm, and says so where it is missing.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { findProgram } from '../src/testing/find-program.ts';
import { chartFolder, goldenCases, goldenText, render, valuesFile } from './chart/helm.ts';
import { valueRows } from './chart/values-table.ts';

const text = readFileSync(`${chartFolder}/values.yaml`, 'utf8');

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

function unusedValues(): string[] {
  const cases = ['full', ...goldenCases()].map((name) => {
    const values: unknown = parse(readFileSync(valuesFile(name), 'utf8'));
    return { values, plain: goldenText(render(values as object, { schema: false }).text) };
  });
  const changesNothing = (row: { path: string; fallback: unknown }): boolean =>
    cases.every(({ values, plain }) => {
      const other = changed(values, row.path.split('.'), row.fallback);
      return goldenText(render(other, { schema: false }).text) === plain;
    });
  return valueRows(text)
    .filter(changesNothing)
    .map(({ path }) => path);
}

if (findProgram('helm') === null) {
  process.stderr.write('values of the chart are not checked: no helm on the PATH\n');
} else {
  const unused = unusedValues();
  if (unused.length > 0) {
    process.stderr.write(`Values of the chart that change nothing: ${unused.join(', ')}\n`);
    process.exitCode = 1;
  }
}
