import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { projectFolder } from '../../src/runtime/environment.ts';
import { findProgram } from '../../src/testing/find-program.ts';

export const chartFolder = `${projectFolder}/charts/bookrec`;
const ciFolder = `${chartFolder}/ci`;

/** What Helm wrote, or why it refused. */
export interface HelmResult {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs Helm without its configuration on this machine; never throws for Helm's own complaints. */
export function helm(args: readonly string[]): HelmResult {
  const program = findProgram('helm');
  if (program === null) throw new Error('helm is not installed');
  try {
    const options = { encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 26 } as const;
    return { ok: true, text: execFileSync(program, args, options) };
  } catch (error) {
    // execFileSync adds what the program wrote to the error.
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, text: stdout + stderr };
  }
}

/** How a rendering differs from the usual one. */
export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  /** False to take values that the schema refuses. */
  readonly schema?: boolean;
}

/** Renders the chart with values given as an object. */
export function render(values: object, options: RenderOptions = {}): HelmResult {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-values-'));
  try {
    const file = path.join(folder, 'values.yaml');
    writeFileSync(file, stringify(values));
    return renderFile(file, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Renders the chart with a values file, as the newest Kubernetes that the chart is tested with. */
export function renderFile(file: string, options: RenderOptions = {}): HelmResult {
  const { release = 'books', namespace = 'library', schema = true } = options;
  const place = ['--namespace', namespace, '--kube-version', '1.34.0'];
  const checks = schema ? [] : ['--skip-schema-validation'];
  return helm(['template', release, chartFolder, '--values', file, ...place, ...checks]);
}

/** Names of the cases in ci/: `NAME-values.yaml` beside `NAME.golden.yaml`. */
export function goldenCases(): string[] {
  return readdirSync(ciFolder)
    .filter((file) => file.endsWith('-values.yaml'))
    .map((file) => file.replace(/-values\.yaml$/, ''))
    .toSorted();
}

export const valuesFile = (name: string): string => `${ciFolder}/${name}-values.yaml`;
export const goldenFile = (name: string): string => `${ciFolder}/${name}.golden.yaml`;

/**
 * The text that a golden file holds: what differs between two renderings of one chart is blotted out, and the resource,
 * which is a generated file itself, cut short.
 */
export function goldenText(rendered: string): string {
  return rendered
    .replace(/^(kind: CustomResourceDefinition\n(?:.+\n)*?spec:\n)(?: .*\n)+/m, '$1  CUT\n')
    .replaceAll(/^( {2}(?:password|key|keys\.json): ).+$/gm, '$1GENERATED')
    .replaceAll(/^( *helm.sh\/chart: bookrec-).+$/gm, '$1VERSION')
    .replaceAll(/\n{2,}/g, '\n');
}

export const readGolden = (name: string): string => readFileSync(goldenFile(name), 'utf8');
