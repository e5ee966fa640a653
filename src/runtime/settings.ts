import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import {
  innerSchema,
  SETTINGS,
  type SettingInfo,
  type SettingKey,
  type Settings,
} from '../contracts/settings.ts';
import { projectFolder } from './environment.ts';
import { AppError } from './errors.ts';

/** Where settings come from; the first that has a value wins: flags, environment, file. */
export interface SettingSources {
  /** Values by key of the setting. */
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file with settings by key. */
  readonly file: string | undefined;
}

/** A value and where it was found, as messages name it. */
interface Found {
  readonly value: unknown;
  readonly from: string;
}

type Result = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads and checks the settings `keys`, and every entry of the file. Throws `BAD_SETTINGS` that lists
 * `problems` and all that is wrong in the sources, each with where it came from.
 */
export function loadSettings<K extends SettingKey>(
  keys: readonly K[],
  sources: SettingSources,
  problems: readonly string[] = [],
): Pick<Settings, K> {
  const found = [...problems];
  const entries = readFile(sources.file, found);
  const settings: Partial<Record<SettingKey, unknown>> = {};
  for (const info of SETTINGS) {
    const inFile = fromFile(info, entries, sources.file);
    const wanted = (keys as readonly SettingKey[]).includes(info.key);
    const given = wanted ? (fromText(info, sources) ?? inFile) : inFile;
    const result = given === undefined ? fallback(info) : check(info, given);
    if ('problem' in result) found.push(result.problem);
    else if (wanted && result.value !== undefined) settings[info.key] = result.value;
  }
  if (found.length > 0) throw settingsError(found);
  // Each value has passed the schema of its key.
  return settings as Pick<Settings, K>;
}

/** `BAD_SETTINGS` with one line a problem. */
export function settingsError(problems: readonly string[]): AppError {
  const lines = problems.map((problem) => `  ${problem}`);
  return new AppError(
    'BAD_SETTINGS',
    `the settings are not valid:\n${lines.join('\n')}`,
    'Correct the lines above; `--help` lists the settings of a command.',
  );
}

function fromText(info: SettingInfo, sources: SettingSources): Found | undefined {
  const flag = sources.flags[info.key];
  if (flag !== undefined) return { value: typed(info, flag), from: `--${info.flag ?? info.key}` };
  const variable = sources.environment[info.env];
  // Compose files and charts set a variable to nothing where they mean "not set".
  if (variable === undefined || variable === '') return undefined;
  return { value: typed(info, variable), from: `${info.env} (environment)` };
}

function fromFile(
  info: SettingInfo,
  entries: ReadonlyMap<string, unknown>,
  file: string | undefined,
): Found | undefined {
  if (file === undefined || !entries.has(info.key)) return undefined;
  return { value: entries.get(info.key), from: `"${info.key}" (${file})` };
}

/** Text as the number that its schema takes, where it is one. */
function typed(info: SettingInfo, text: string): unknown {
  const kind = (innerSchema(info.schema) as z.core.$ZodType)._zod.def.type;
  const numeric = kind === 'number' || kind === 'union';
  return numeric && text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function check(info: SettingInfo, { value, from }: Found): Result {
  const parsed = info.schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const why = parsed.error.issues.map((issue) => issue.message).join('; ');
  return { problem: `${from}: ${why}, got ${JSON.stringify(value)}` };
}

/** The default; paths among them lie in the project's folder, wherever the program is called from. */
function fallback(info: SettingInfo): Result {
  const value = info.schema.parse(undefined);
  if (!info.inProject || typeof value !== 'string') return { value };
  const [, scheme = '', path = ''] = /^(lmdb:)?(.*)$/.exec(value) ?? [];
  return { value: `${scheme}${projectFolder}/${path}` };
}

/** Entries of the settings file; adds what is wrong with their names to `problems`. */
function readFile(file: string | undefined, problems: string[]): ReadonlyMap<string, unknown> {
  if (file === undefined) return new Map();
  const content = parseFile(file, problems);
  for (const name of content.keys()) {
    const info = SETTINGS.find(({ key }) => key === name);
    if (info === undefined) problems.push(`"${name}" (${file}): no such setting`);
    else if (info.flag === null) {
      problems.push(`"${name}" (${file}): is given by ${info.env} in the environment alone`);
    }
  }
  return content;
}

function parseFile(file: string, problems: string[]): ReadonlyMap<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
      return new Map(Object.entries(content));
    }
    problems.push(`${file}: expected one JSON object with settings by name`);
  } catch (error) {
    problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return new Map();
}
