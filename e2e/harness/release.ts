import { z } from 'zod';
import { learnKey } from './api-keys.ts';
import { merge } from './merge.ts';
import { eventually } from './eventually.ts';
import { imageValues, type Part } from './images.ts';
import {
  get,
  isReady,
  jobSchema,
  kubectl,
  list,
  podSchema,
  type Job,
  type Pod,
} from './kubectl.ts';
import { run } from './program.ts';
import { chartFolder } from '../../hack/chart/helm.ts';

/** How Helm installs. */
interface InstallOptions {
  readonly name?: string;
  /** Folder or archive of the chart, for an older version of it. */
  readonly chart?: string;
  /** The parts that this chart has. */
  readonly parts?: readonly Part[];
}

const selector = (release: string, component: string): string =>
  `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`;

/** A release of the chart. */
export class Release {
  readonly namespace: string;
  readonly name: string;
  /** Prefix of its objects. */
  readonly prefix: string;

  constructor(namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
    this.prefix = name.includes('bookrec') ? name : `${name}-bookrec`;
  }

  /** Address of the API's Service, as other namespaces see it too. */
  get url(): string {
    return `http://${this.prefix}-api.${this.namespace}.svc.cluster.local`;
  }

  /** Installs or upgrades and waits until everything is Ready. */
  static async install(
    namespace: string,
    values: object = {},
    { name = 'books', chart = chartFolder, parts }: InstallOptions = {},
  ): Promise<Release> {
    const release = new Release(namespace, name);
    const all = JSON.stringify(merge(imageValues(parts), values));
    await run('helm', ['upgrade', '--install', ...release.#args(chart), '--wait'], all);
    await learnKey(namespace, release.prefix);
    return release;
  }

  upgrade(values: object = {}): Promise<Release> {
    return Release.install(this.namespace, values, { name: this.name });
  }

  helm(verb: string, ...args: readonly string[]): Promise<string> {
    return run('helm', [verb, this.name, '-n', this.namespace, ...args]);
  }

  pods(component: string): Promise<Pod[]> {
    return list(podSchema, 'pods', this.namespace, selector(this.name, component));
  }

  /** Waits until so many pods of a part are Ready and no other is left. */
  readyPods(component: string, count: number): Promise<Pod[]> {
    return eventually(async () => {
      const pods = await this.pods(component);
      const ready = pods.filter(isReady);
      if (ready.length !== count || pods.length !== count) {
        throw new Error(`${ready.length} of ${pods.length} ${component} pods are Ready`);
      }
      return pods;
    }, 120);
  }

  /** Full name of a training's Job. */
  jobName(job: string): string {
    return `${this.prefix}-trainer-${job}`;
  }

  /** Starts a training now, as operators do, and does not wait for it. */
  async startTraining(job: string): Promise<void> {
    const from = `--from=cronjob/${this.prefix}-trainer`;
    await kubectl(['create', 'job', this.jobName(job), from, '-n', this.namespace]);
  }

  /** Waits for the end of a training: its Job, and its last pod where that is still there. */
  finished(job: string, seconds = 240): Promise<FinishedJob> {
    return eventually(async () => {
      const finished = await get(jobSchema, 'jobs', this.jobName(job), this.namespace);
      const end = finished.status.conditions.find(
        ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
      );
      if (end === undefined) throw new Error(`job ${job}: ${JSON.stringify(finished.status)}`);
      const pods = await list(podSchema, 'pods', this.namespace, `job-name=${this.jobName(job)}`);
      return { job: finished, end: end.type, reason: end.reason, pods };
    }, seconds);
  }

  /** Trains and publishes; fails where the training does. */
  async train(job: string): Promise<Summary> {
    await this.startTraining(job);
    const finished = await this.finished(job);
    const summary = terminationOf(finished);
    if (finished.end !== 'Complete') throw new Error(`${finished.reason}: ${summary.message}`);
    return summarySchema.parse(JSON.parse(summary.message));
  }

  /** What a training wrote. */
  logs(job: string): Promise<string> {
    return kubectl(['logs', `job/${this.jobName(job)}`, '-n', this.namespace]);
  }

  /** When a training logged a message for the first time, in milliseconds since 1970. */
  async loggedAt(job: string, message: string): Promise<number> {
    const text = await this.logs(job);
    // The result at the end is a sentence, not an entry.
    const entries = text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => logSchema.parse(JSON.parse(line)));
    const entry = entries.find(({ msg }) => msg === message);
    if (entry === undefined) throw new Error(`job ${job} never logged "${message}":\n${text}`);
    return Date.parse(entry.time);
  }

  /** Runs a command of the product in a replica of the API. */
  command(...args: readonly string[]): Promise<string> {
    const place = ['exec', `deploy/${this.prefix}-api`, '-n', this.namespace, '--'];
    return kubectl([...place, 'node', 'src/cli/main.js', ...args]);
  }

  #args(chart: string): string[] {
    return [this.name, chart, '-n', this.namespace, '--timeout', '3m', '-f', '-'];
  }
}

export interface FinishedJob {
  readonly job: Job;
  readonly end: string;
  readonly reason: string;
  readonly pods: readonly Pod[];
}

/** What a training's container left when it ended. */
export function terminationOf({ pods }: FinishedJob): {
  exitCode: number;
  reason: string;
  message: string;
} {
  const last = pods
    .flatMap((pod) => pod.status.containerStatuses.map(({ state }) => state.terminated))
    .find((state) => state !== undefined);
  if (last === undefined) throw new Error('no container has terminated');
  return last;
}

const logSchema = z.object({ time: z.iso.datetime(), msg: z.string() });

const summarySchema = z.looseObject({ state: z.string(), version: z.string().nullable() });
export type Summary = z.infer<typeof summarySchema>;
