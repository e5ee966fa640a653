import { z } from 'zod';
import { progressSchema } from './run.ts';
import { settingsSchema } from './settings.ts';

export const GROUP = 'bookrec.dev';
export const API_VERSION = `${GROUP}/v1alpha1`;
export const KIND = 'RecommenderRun';
export const PLURAL = 'recommenderruns';

const setting = settingsSchema.shape;

const name = (of: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .max(253)
    .describe(of);
const seconds = (max: number) => z.int().min(0).max(max);
const time = z.string().max(40).meta({ format: 'date-time' });
const words = z.string().max(4096);
/** Kubernetes APIs hold no floats, since clients round them differently. */
const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .max(24);

const quantities = z
  .record(
    z.string(),
    z.union([z.int().min(0), z.string()]).meta({
      'x-kubernetes-int-or-string': true,
      pattern: String.raw`^\d+(\.\d+)?(m|k|[MGTPE]|[KMGTPE]i)?$`,
      maxLength: 32,
    }),
  )
  .meta({ maxProperties: 16 });

const dataSchema = z
  .object({
    claimName: name('Volume claim with the data files').optional(),
    configMapName: name('ConfigMap with the data files').optional(),
    files: z
      .array(
        z.object({
          url: z
            .string()
            .regex(/^(https?|s3):\/\/[^#\s]+$/)
            .max(1024)
            .describe('Address of a data file'),
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/)
            .max(64)
            .describe('Its checksum'),
        }),
      )
      .min(1)
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'atomic' })
      .describe('Data files to download')
      .optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '[has(self.claimName), has(self.configMapName), has(self.files)].filter(given, given).size() == 1',
        message: 'give one source of data: claimName, configMapName or files',
      },
    ],
  })
  .describe("Where the ratings come from; the CronJob's source by default");

const modelSchema = z
  .object({
    rank: setting.rank.unwrap().describe('Number of factors').optional(),
    sweeps: setting.sweeps.unwrap().describe('Most passes over readers and books').optional(),
    seed: setting.seed.unwrap().describe('Seed of the split and of the training').optional(),
    policy: setting.policy.unwrap().describe('Order of the lists').optional(),
  })
  .describe("Settings of the model; each that is not given is the CronJob's");

const specShape = {
  cronJobName: name("CronJob whose template the Job is built from; the controller's by default")
    .max(52)
    .optional(),
  jobName: name('Existing Job to report on instead of making one; set for the CronJob’s own Jobs')
    .max(63)
    .optional(),
  rollbackTo: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/)
    .max(128)
    .describe('Version to make live again; such a run trains nothing')
    .optional(),
  data: dataSchema.optional(),
  model: modelSchema.optional(),
  backend: setting.backend
    .unwrap()
    .describe('What computes: a GPU where there is one (auto), or what is named')
    .optional(),
  resources: z
    .object({ requests: quantities.optional(), limits: quantities.optional() })
    .describe("Resources of the trainer, laid over those of the CronJob's")
    .optional(),
  warmStart: setting.warmStart
    .unwrap()
    .max(128)
    .describe('What to start from: the live version where it fits, none, or a version by its name')
    .optional(),
  publish: setting.publish.unwrap().describe('When the new model goes live').optional(),
  margin: z
    .string()
    .regex(/^\d{1,3}(\.\d{1,6})?$/)
    .max(10)
    .describe('RMSE by which the new model may be worse, as a string such as "0.005"')
    .optional(),
  suspend: z.boolean().describe('Stops the run, or keeps it from starting, while true').optional(),
  activeDeadlineSeconds: z
    .int()
    .min(1)
    .max(604_800)
    .describe('Seconds after which the training is stopped')
    .optional(),
  backoffLimit: z.int().min(0).max(20).describe('How often a failed pod is tried again').optional(),
  ttlSecondsAfterFinished: seconds(31_536_000)
    .describe('Seconds after its end when the run is deleted with its Job; never by default')
    .optional(),
};

type SpecKey = keyof typeof specShape;

/** What may change while a run exists. */
const MUTABLE: readonly SpecKey[] = ['suspend', 'ttlSecondsAfterFinished'];
const fixed = (Object.keys(specShape) as SpecKey[]).filter((key) => !MUTABLE.includes(key));

const unchangeable = fixed.map((key) => ({
  rule: `has(self.${key}) == has(oldSelf.${key}) && (!has(self.${key}) || self.${key} == oldSelf.${key})`,
  message: `spec.${key} cannot be changed once the run exists: apply another run under a new name`,
  fieldPath: `.${key}`,
}));

/** A field that leaves no room for others but the changeable ones. */
const alone = (key: SpecKey, message: string) => ({
  rule: `!has(self.${key}) || !(${fixed
    .filter((other) => other !== key)
    .map((other) => `has(self.${other})`)
    .join(' || ')})`,
  message,
  fieldPath: `.${key}`,
});

/** What a RecommenderRun asks for. */
export const runSpecSchema = z
  .object(specShape)
  .meta({
    default: {},
    'x-kubernetes-validations': [
      ...unchangeable,
      alone(
        'rollbackTo',
        'a rollback trains nothing: give rollbackTo alone, or with suspend and ttlSecondsAfterFinished',
      ),
      alone(
        'jobName',
        'a run that reports on a Job has no settings of its own: give jobName alone, or with suspend and ttlSecondsAfterFinished',
      ),
    ],
  })
  .describe('What to train, with what, and when to publish; all of it has a default');

/** The condition types of a run, in the order in which they come about. */
export const CONDITION_TYPES = [
  'Accepted',
  'Progressing',
  'DataValid',
  'Trained',
  'Calibrated',
  'Published',
  'Complete',
  'Failed',
] as const;

const conditionSchema = z.object({
  type: z.enum(CONDITION_TYPES).describe('What is said something about'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds'),
  reason: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]*$/)
    .max(128)
    .describe('One word why; docs/runs.md lists them'),
  message: words.describe('The same for people'),
  lastTransitionTime: time.describe('When status last changed'),
  observedGeneration: z.int().min(0).describe('Generation that it was said of').optional(),
});

const figuresShape = {
  rmse: decimal.describe('Root mean square error on held-out ratings').optional(),
  mae: decimal.describe('Mean absolute error on held-out ratings').optional(),
  ndcg10: decimal.describe('NDCG of the first 10 books').optional(),
  coverage95: decimal
    .describe('Share of held-out ratings within the 95 % interval, 0 to 1')
    .optional(),
  effectiveRank: decimal.describe('Number of factors that matter').optional(),
};

/** What the controller says about a run. */
export const runStatusSchema = z
  .object({
    observedGeneration: z
      .int()
      .min(0)
      .describe('Generation of the spec that the status is about')
      .optional(),
    conditions: z
      .array(conditionSchema)
      .max(CONDITION_TYPES.length)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
      .describe('Where the run stands')
      .optional(),
    startTime: time.describe('When the training began').optional(),
    completionTime: time.describe('When the run ended, well or not').optional(),
    jobName: z.string().max(63).describe('Job that trains').optional(),
    progress: z
      .object({
        summary: z.string().max(256).describe('The progress in a few words').optional(),
        phase: progressSchema.shape.phase.describe('What the trainer does').optional(),
        sweep: z.int().min(0).describe('Sweeps done, in all phases').optional(),
        of: z.int().min(0).describe('Most sweeps, in all phases').optional(),
        elbo: decimal.describe('Evidence lower bound, nats').optional(),
        heldOutRmse: decimal.describe('RMSE on the rows that the training watches').optional(),
        secondsLeft: z
          .int()
          .min(0)
          .describe('Estimate for all sweeps, then for the lists')
          .optional(),
      })
      .describe('How far the training is')
      .optional(),
    metrics: z.object(figuresShape).describe('Figures of the trained model').optional(),
    liveMetrics: z
      .object({
        version: z.string().max(128).describe('The version that was live').optional(),
        ...figuresShape,
      })
      .describe('The same of the version that was live when the gate decided')
      .optional(),
    modelVersion: z.string().max(128).describe('Version that the run made live').optional(),
    backend: z
      .object({
        used: z.enum(['cpu', 'gpu']).describe('What computed'),
        reason: z.string().max(1024).describe('Why that'),
      })
      .describe('What computed the training')
      .optional(),
    lastError: words.describe("The last error's own words").optional(),
  })
  .describe('What has become of the run');

export type RunSpec = z.infer<typeof runSpecSchema>;
export type RunStatus = z.infer<typeof runStatusSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type ConditionType = Condition['type'];

/** A RecommenderRun as people write it. */
export const recommenderRunSchema = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: z.looseObject({
    name: z.string().min(1).max(63),
    namespace: z.string().optional(),
  }),
  spec: runSpecSchema.optional(),
});
