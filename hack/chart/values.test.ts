import { readdirSync, readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ApiMetrics } from '../../src/api/metrics.ts';
import { ControllerMetrics } from '../../src/controller/metrics.ts';
import { valuesSchema } from '../../src/contracts/values.ts';
import { projectFolder } from '../../src/runtime/environment.ts';
import { chartFolder } from './helm.ts';
import { valuesJsonSchema } from './values-schema.ts';
import { at, valueRows, withTable } from './values-table.ts';

const read = (file: string): string => readFileSync(`${chartFolder}/${file}`, 'utf8');
const text = read('values.yaml');
const values: unknown = parse(text);
const rows = valueRows(text);
const templates = readdirSync(`${chartFolder}/templates`, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(yaml|tpl|txt)$/.test(file))
  .map((file) => read(`templates/${file}`))
  .join('\n');

/** Paths of everything below an object schema that is not an object of ours itself. */
function schemaPaths(schema: z.ZodType, prefix = ''): string[] {
  if (!(schema instanceof z.ZodObject)) return [prefix];
  const shape = Object.entries(schema.shape);
  const loose = schema.def.catchall instanceof z.ZodUnknown;
  if (shape.length === 0 || (loose && prefix !== 'global')) return [prefix];
  return shape.flatMap(([key, child]) =>
    schemaPaths(child as z.ZodType, prefix === '' ? key : `${prefix}.${key}`),
  );
}

/** Documented as one value, whatever is in it. */
const WHOLE = /^((api|trainer|controller|store)\.resources|trainer\.settings)(?=\.)/;

describe('values of the chart', () => {
  it('are those of the schema and no others', () => {
    const wanted = new Set(schemaPaths(valuesSchema).map((path) => WHOLE.exec(path)?.[0] ?? path));
    // For umbrella charts alone, which set it themselves.
    wanted.delete('enabled');
    expect(rows.map(({ path }) => path).toSorted()).toEqual([...wanted].toSorted());
  });

  it('have defaults that the schema takes', () => {
    expect(valuesSchema.safeParse(values).error).toBeUndefined();
  });

  it('come with the schema that the contracts say', () => {
    expect(JSON.parse(read('values.schema.json'))).toEqual(valuesJsonSchema());
  });

  it('come with a current table in the README', () => {
    expect(read('README.md')).toBe(withTable(read('README.md'), text));
  });

  it('are all there where a template uses one', () => {
    const used = [...templates.matchAll(/\$?\.Values\.([\w.]*\w)/g)].map(([, path = '']) => path);
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter((path) => at(values, path.split('.')) === undefined)).toEqual([]);
  });

  it.each([
    { name: 'an unknown name', path: ['api', 'replica'], value: 2, want: 'Unrecognized key' },
    { name: 'a count below zero', path: ['api', 'replicas'], value: -1, want: '>=0' },
    {
      name: 'a schedule of three fields',
      path: ['trainer', 'schedule'],
      value: '* * *',
      want: 'Invalid string',
    },
    {
      name: 'a checksum of another kind',
      path: ['store', 'image', 'digest'],
      value: 'md5:0',
      want: 'Invalid string',
    },
    {
      name: 'an unknown setting',
      path: ['trainer', 'settings', 'ranks'],
      value: 1,
      want: 'Unrecognized key',
    },
  ])('refuses $name', ({ path, value, want }) => {
    const changed = structuredClone(values);
    const last = path.at(-1) ?? '';
    Object.assign(at(changed, path.slice(0, -1)) as object, { [last]: value });
    const result = valuesSchema.safeParse(changed);
    expect(result.error?.message).toContain(want);
  });
});

describe('metrics of alerts and the dashboard', () => {
  const ours = /\bbookrec_\w+/g;
  const sources = read('templates/monitoring/rules.yaml') + read('files/dashboard.json');

  it('are exposed by the API or the controller', async () => {
    const metrics = new ApiMetrics();
    metrics.watch(
      () => ({ known: true, degraded: false, version: null }),
      () => new Date(0),
    );
    const controller = new ControllerMetrics();
    const none = (): number => 0;
    controller.watch({ depth: none, failing: none, ages: () => ({}), runs: () => ({}) });
    const both = Registry.merge([metrics.registry, controller.registry]);
    const exposed = (await both.getMetricsAsJSON()).map(({ name }) => name);
    const named = new Set(
      (sources.match(ours) ?? []).map((name) => name.replace(/_(bucket|count|sum)$/, '')),
    );
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !exposed.includes(name))).toEqual([]);
  });

  it('are those that Dragonfly and kube-state-metrics have', () => {
    const known = [
      'dragonfly_memory_used_bytes',
      'dragonfly_memory_max_bytes',
      'dragonfly_oom_errors_total',
      'dragonfly_failed_backups_total',
      'kube_cronjob_created',
      'kube_cronjob_spec_suspend',
      'kube_cronjob_status_last_successful_time',
      'kube_job_failed',
      'kube_job_status_start_time',
    ];
    const named = new Set(sources.match(/\b(dragonfly|kube)_\w+/g));
    expect([...named].toSorted()).toEqual(known.toSorted());
  });
});

describe('alerts', () => {
  it('are all explained in the operations page, and no others', () => {
    const alerts = [...read('templates/monitoring/rules.yaml').matchAll(/- alert: (\w+)/g)];
    const page = readFileSync(`${projectFolder}/docs/operations.md`, 'utf8');
    const explained = [...page.matchAll(/^\| `(Bookrec\w+)` \|/gm)];
    expect(explained.map((match) => match[1]).toSorted()).toEqual(
      alerts.map((match) => match[1]).toSorted(),
    );
  });
});

it('has one version for package, chart and images', () => {
  const file = (name: string): unknown => parse(readFileSync(`${projectFolder}/${name}`, 'utf8'));
  const { version } = file('package.json') as { version: string };
  expect(file('charts/bookrec/Chart.yaml')).toMatchObject({ version, appVersion: version });
});
