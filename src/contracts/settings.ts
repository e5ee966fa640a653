import { z } from 'zod';
import { POLICIES } from './policies.ts';

/** How a setting is given, beside its schema. */
interface Source {
  /** Name of the flag where it is not the key in kebab case; null where there is no flag. */
  readonly flag?: string | null;
  /** Name of the environment variable where it is not the key in CONSTANT_CASE. */
  readonly env?: string;
  /** Word that stands for the value in help. */
  readonly value?: string;
  /** The default is a path within the project's folder, wherever the program is called from. */
  readonly inProject?: boolean;
  readonly description: string;
}

const given = <T extends z.ZodType>(source: Source, schema: T): T =>
  schema.meta(source as unknown as z.core.GlobalMeta);

const SHARE = 'expected a share such as 0.1 or 10%';

/** A share: `0.1` or `10%`; as a number from 0 to 1. */
const share = z.union(
  [
    z.number().min(0, SHARE).max(1, SHARE),
    z
      .string()
      .regex(/^\d+(\.\d+)?%$/, SHARE)
      .transform((text) => Number(text.slice(0, -1)) / 100)
      .pipe(z.number().max(1, SHARE)),
  ],
  SHARE,
);

const count = (min: number, max: number) => {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
};

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const LOG_FORMATS = ['auto', 'text', 'json'] as const;

/**
 * Every setting of the product: key, how it is given, default and meaning. Flags, environment and
 * file are read through it; a verb takes the ones that concern it.
 */
export const settingsSchema = z.strictObject({
  store: given(
    {
      env: 'STORE_URL',
      value: 'url',
      inProject: true,
      description: 'Where models are kept: lmdb:PATH, redis://HOST:PORT or rediss://HOST:PORT',
    },
    z
      .string()
      .regex(/^(lmdb:.+|rediss?:\/\/.+)$/s, 'expected lmdb:PATH, redis://HOST or rediss://HOST')
      .default('lmdb:var/store'),
  ),
  storeUsername: given(
    { flag: null, description: 'User of the store, where it is not the default one' },
    z.string().min(1).optional(),
  ),
  storePassword: given(
    { flag: null, description: 'Password of the store' },
    z.string().min(1).optional(),
  ),
  storePasswordFile: given(
    { flag: null, description: 'File that holds the password of the store' },
    z.string().min(1).optional(),
  ),
  storeCaFile: given(
    { flag: null, description: 'PEM file with the certificate authority of a rediss:// store' },
    z.string().min(1).optional(),
  ),
  storeSnapshot: given(
    {
      value: 'yes|no',
      description:
        'Have Redis or Dragonfly write a snapshot when a new model is live, and a minute after feedback',
    },
    z.enum(['yes', 'no']).default('no'),
  ),
  host: given(
    { value: 'address', description: 'Address to listen on; 0.0.0.0 for all' },
    z.string().min(1).default('127.0.0.1'),
  ),
  port: given(
    { value: 'n', description: 'Port to listen on; 0 for any free one' },
    count(0, 65_535).default(8000),
  ),
  maxInFlight: given(
    { value: 'n', description: 'Requests at work at once, beyond which the API answers 503' },
    count(1, 1_000_000).default(1000),
  ),
  drainSeconds: given(
    {
      value: 'n',
      description: 'Seconds to go on answering after SIGTERM, telling clients to connect anew',
    },
    count(0, 600).default(0),
  ),
  apiKeysFile: given(
    {
      value: 'file',
      description: 'JSON file of the keys that the API asks for; without one it asks for none',
    },
    z.string().min(1).optional(),
  ),
  rateLimit: given(
    {
      value: 'n',
      description: 'Requests a minute of one key, or address without one; 0 for no limit',
    },
    count(0, 1_000_000_000).default(0),
  ),
  trustedProxies: given(
    {
      value: 'n',
      description: 'Proxies in front whose X-Forwarded-For names the client',
    },
    count(0, 10).default(0),
  ),
  data: given(
    {
      env: 'DATA_DIR',
      value: 'dir',
      inProject: true,
      description: 'Folder with the data files',
    },
    z.string().min(1).default('data/bookcrossing'),
  ),
  scale: given(
    { value: 'low:high', description: 'Rating scale; taken from the data by default' },
    z
      .string()
      .regex(/^-?\d+(\.\d+)?:-?\d+(\.\d+)?$/, 'expected LOW:HIGH, such as 1:10')
      .transform((text) => {
        const [low = 0, high = 0] = text.split(':').map(Number);
        return { low, high };
      })
      .refine(({ low, high }) => low < high, 'expected LOW below HIGH')
      .optional(),
  ),
  maxBad: given(
    { value: 'share', description: 'Share of bad rows in a file above which nothing is trained' },
    share.default(0.01),
  ),
  minReaderRatings: given(
    { value: 'n', description: 'Train on readers with at least this many ratings' },
    count(0, 1_000_000).default(0),
  ),
  minBookRatings: given(
    { value: 'n', description: 'Train on books with at least this many ratings' },
    count(0, 1_000_000).default(0),
  ),
  core: given(
    {
      value: 'n',
      description:
        'Train on the readers and books left when those with fewer ratings went, again and again',
    },
    count(0, 1_000_000).default(0),
  ),
  feedback: given(
    { value: 'yes|no', description: 'Train on what readers have said since the data, too' },
    z.enum(['yes', 'no']).default('yes'),
  ),
  rank: given(
    { value: 'n', description: 'Number of factors; the model shuts down those it does not need' },
    count(1, 64).default(8),
  ),
  fitTo: given(
    {
      value: 'kind',
      description:
        "What the model is fitted to: normal scores of the scale's levels, latent ratings in the levels' cells (ordinal), or ratings",
    },
    z.enum(['scores', 'ordinal', 'ratings']).default('scores'),
  ),
  links: given(
    {
      value: 'side',
      description:
        'Whose prior means hang on what was met: those of readers (SVD++), of books, of both or of none',
    },
    z.enum(['none', 'readers', 'books', 'both']).default('none'),
  ),
  sweeps: given(
    { value: 'n', description: 'Most passes over readers and books' },
    count(1, 1000).default(40),
  ),
  seed: given(
    { value: 'n', description: 'Seed of the split and of the training' },
    count(0, 4_294_967_295).default(1),
  ),
  warmStart: given(
    {
      value: 'version',
      description:
        'Start from what a version has learned: the live one where it fits, none, or one by its name',
    },
    z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'expected live, none or the name of a version')
      .default('live'),
  ),
  checkpointMinutes: given(
    {
      value: 'n',
      description: 'Minutes between checkpoints of a training; 0 for none but when it is stopped',
    },
    z
      .number('expected a number')
      .min(0, 'expected a number from 0 up')
      .max(1440, 'expected a number up to 1440')
      .default(5),
  ),
  threads: given(
    { value: 'n', description: 'Threads of a training; 0 for one a core; they change no result' },
    count(0, 256).default(0),
  ),
  memoryBudget: given(
    {
      value: 'mib',
      description: "MiB that a training may use; the container's limit or the machine's by default",
    },
    count(64, 16_777_216).optional(),
  ),
  backend: given(
    {
      value: 'kind',
      description: 'What computes: a GPU where there is one (auto), or what is named',
    },
    z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  ),
  heldOut: given(
    { value: 'share', description: 'Share of the ratings held out to measure with' },
    share.default(0.1),
  ),
  split: given(
    { value: 'kind', description: 'How ratings are held out' },
    z.enum(['random', 'leave-cold-readers', 'leave-cold-books', 'temporal']).default('random'),
  ),
  trainFile: given(
    {
      flag: 'train',
      value: 'file',
      description: 'Ratings to train on; with --test instead of a split',
    },
    z.string().min(1).optional(),
  ),
  testFile: given(
    { flag: 'test', value: 'file', description: 'Ratings to measure with; needs --train' },
    z.string().min(1).optional(),
  ),
  pairs: given(
    { value: 'file', description: 'CSV file with user,item to predict; - for standard input' },
    z.string().min(1).optional(),
  ),
  listLength: given(
    { value: 'n', description: "Books in a reader's list" },
    count(1, 1000).default(50),
  ),
  topK: given(
    { value: 'n', description: 'How many recommendations to show' },
    count(1, 1_000_000).default(10),
  ),
  policy: given(
    { value: 'kind', description: 'Order of lists: by rating, by interest or by both' },
    z.enum(POLICIES).default('balanced'),
  ),
  maxPerAuthor: given(
    { value: 'n', description: 'Most books of one author in ten places of a list' },
    count(1, 10).default(4),
  ),
  publish: given(
    { value: 'when', description: 'When a new model goes live' },
    z.enum(['if-not-worse', 'always', 'never']).default('if-not-worse'),
  ),
  margin: given(
    { value: 'rmse', description: 'RMSE by which a new model may be worse and still go live' },
    z.number('expected a number').min(0, 'expected a number from 0 up').default(0.005),
  ),
  keep: given(
    { value: 'n', description: 'Model versions kept for rollback' },
    count(1, 100).default(3),
  ),
  runId: given(
    { value: 'id', description: "Name of the run's record; the time of its start by default" },
    z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'expected letters, digits, ".", "_" and "-"')
      .optional(),
  ),
  version: given(
    {
      env: 'MODEL_VERSION',
      value: 'version',
      description: 'Model version to export; the live one by default',
    },
    z.string().min(1).optional(),
  ),
  activate: given(
    { value: 'yes|no', description: 'Whether the imported version goes live' },
    z.enum(['yes', 'no']).default('yes'),
  ),
  summary: given(
    { value: 'file', description: "File for the run's last summary, 4 KB at most" },
    z.string().min(1).optional(),
  ),
  cronJob: given(
    { value: 'name', description: 'CronJob whose template RecommenderRuns train with' },
    z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9.]{0,50}[a-z0-9])?$/, 'expected the name of a CronJob')
      .optional(),
  ),
  watchNamespace: given(
    {
      value: 'name',
      description: 'Namespace whose RecommenderRuns are run; * for all; its own by default',
    },
    z
      .string()
      .regex(/^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'expected a namespace, or *')
      .optional(),
  ),
  logLevel: given(
    { value: 'level', description: 'Least level that is logged' },
    z.enum(LOG_LEVELS).default('info'),
  ),
  logFormat: given(
    { value: 'format', description: 'Log lines: readable on a terminal and JSON elsewhere (auto)' },
    z.enum(LOG_FORMATS).default('auto'),
  ),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingKey = keyof Settings;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

/** One setting as flags, environment, help and documentation see it. */
export interface SettingInfo {
  readonly key: SettingKey;
  /** Without the dashes; null where it is given by the environment alone. */
  readonly flag: string | null;
  readonly env: string;
  readonly value: string;
  readonly inProject: boolean;
  readonly description: string;
  /** As help prints it; undefined where there is none. */
  readonly defaultText: string | undefined;
  /** Values to choose from, where there are such. */
  readonly choices: readonly string[] | undefined;
  readonly schema: z.ZodType;
}

const dashed = (key: string): string => key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** The schema without its default or `optional`. */
export function innerSchema(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? innerSchema(schema.unwrap() as z.ZodType)
    : schema;
}

function describeSetting(key: SettingKey): SettingInfo {
  const schema: z.ZodType = settingsSchema.shape[key];
  const source = schema.meta() as unknown as Source;
  const inner = innerSchema(schema);
  const fallback = schema.safeParse(undefined).data as string | number | undefined;
  return {
    key,
    flag: source.flag === undefined ? dashed(key) : source.flag,
    env: source.env ?? dashed(key).replaceAll('-', '_').toUpperCase(),
    value: source.value ?? 'value',
    inProject: source.inProject ?? false,
    description: source.description,
    defaultText: fallback?.toString(),
    choices: inner instanceof z.ZodEnum ? inner.options.map(String) : undefined,
    schema,
  };
}

/** All settings in the order of the schema. */
export const SETTINGS: readonly SettingInfo[] = (
  Object.keys(settingsSchema.shape) as SettingKey[]
).map(describeSetting);
