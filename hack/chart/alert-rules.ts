import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { findProgram } from '../../src/testing/find-program.ts';
import { render, type RenderOptions } from './helm.ts';

/** A series in the notation of promtool's tests, one value a minute. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

/** What is the case, and the alerts that have to fire. */
export interface AlertCase {
  readonly name: string;
  readonly input: readonly Series[];
  readonly alerts: readonly string[];
}

export const series = (name: string, labels: string, values: string): Series => ({
  series: `${name}{${labels}}`,
  values,
});

/** A series that has one value for a day. */
export const always = (name: string, labels: string, value: number): Series =>
  series(name, labels, `${String(value)}x1500`);

const ruleSchema = z.object({
  spec: z.object({
    groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ alert: z.string() })) })),
  }),
});

/** The chart's alerts as promtool reads them, in a folder of their own. */
export class AlertRules {
  readonly names: readonly string[];
  readonly #folder: string;

  constructor(options: RenderOptions = {}) {
    const { text } = render({ monitoring: { prometheusRule: { enabled: true } } }, options);
    const rule = parseAllDocuments(text).find((each) => each.get('kind') === 'PrometheusRule');
    const { spec } = ruleSchema.parse(rule?.toJS());
    this.names = spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    this.#folder = mkdtempSync(path.join(tmpdir(), 'bookrec-alerts-'));
    writeFileSync(`${this.#folder}/rules.yaml`, stringify(spec));
  }

  /** Checks the expressions; throws what promtool finds. */
  check(): string {
    return this.#promtool('check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml');
  }

  /** Throws unless exactly the case's alerts fire after 20 hours of its series. */
  test({ name, input, alerts }: AlertCase): string {
    const firing = {
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: '20h',
      exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
    };
    const tests = [{ name, interval: '1m', input_series: input, promql_expr_test: [firing] }];
    const file = { rule_files: ['rules.yaml'], evaluation_interval: '20m', tests };
    writeFileSync(`${this.#folder}/test.yaml`, stringify(file));
    return this.#promtool('test', 'rules', 'test.yaml');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #promtool(...args: readonly string[]): string {
    const options = { cwd: this.#folder, encoding: 'utf8', stdio: 'pipe' } as const;
    try {
      return execFileSync(findProgram('promtool') ?? 'promtool', args, options);
    } catch (error) {
      // execFileSync adds what the program wrote to the error.
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(stdout + stderr, { cause: error });
    }
  }
}
