import { API_VERSION, KIND, PLURAL, type RunStatus } from '../contracts/recommender-run.ts';
import type { z } from 'zod';
import { type ApiClient, ApiError } from './api-client.ts';
import {
  type CronJobObject,
  cronJobObjectSchema,
  type JobObject,
  jobObjectSchema,
  type Key,
  type PodObject,
  podObjectSchema,
  type RunObject,
  runObjectSchema,
} from './objects.ts';

/** All that the controller asks of Kubernetes. Each method throws `ApiError`. */
export interface Gateway {
  run(key: Key): Promise<RunObject | null>;
  /** A run of that name; 409 where there is one. */
  createRun(run: object, namespace: string): Promise<void>;
  /** Deletes that very run, not one of the same name that came after it. */
  deleteRun(run: RunObject): Promise<void>;
  /** Replaces the status; 409 where the run has changed since it was read. */
  putStatus(run: RunObject, status: RunStatus): Promise<void>;
  job(key: Key): Promise<JobObject | null>;
  createJob(job: object, namespace: string): Promise<JobObject>;
  /** Merges a piece into a Job. */
  patchJob(key: Key, patch: object): Promise<JobObject>;
  pods(job: Key): Promise<PodObject[]>;
  cronJob(key: Key): Promise<CronJobObject | null>;
  createEvent(event: object, namespace: string): Promise<void>;
  /** Fresh lists, read past all caches. */
  runs(namespace: string): Promise<RunObject[]>;
  jobs(namespace: string): Promise<JobObject[]>;
}

/** One page of a list. */
export interface Page {
  readonly items: unknown[];
  readonly resourceVersion: string;
  /** Token of the next page; undefined at the end. */
  readonly next: string | undefined;
}

const PAGE_SIZE = 100;

/** Path of a kind of object; `namespace` null for all. */
export function pathOf(kind: 'runs' | 'jobs' | 'cronJobs', namespace: string | null): string {
  const group = kind === 'runs' ? API_VERSION : 'batch/v1';
  const plural = { runs: PLURAL, jobs: 'jobs', cronJobs: 'cronjobs' }[kind];
  const where = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${group}${where}/${plural}`;
}

const named = (path: string, name: string): string => `${path}/${encodeURIComponent(name)}`;

/** One page of the list at `path`. */
export async function listPage(client: ApiClient, path: string, next?: string): Promise<Page> {
  const query = { limit: PAGE_SIZE, continue: next };
  const list = (await client.request('GET', path, { query })) as {
    items?: unknown[];
    metadata?: { resourceVersion?: string; continue?: string };
  };
  const { resourceVersion = '', continue: token = '' } = list.metadata ?? {};
  return { items: list.items ?? [], resourceVersion, next: token === '' ? undefined : token };
}

/** Kubernetes through the library. */
export class KubeGateway implements Gateway {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  run({ namespace, name }: Key): Promise<RunObject | null> {
    return this.#find(named(pathOf('runs', namespace), name), runObjectSchema);
  }

  async createRun(run: object, namespace: string): Promise<void> {
    await this.#client.request('POST', pathOf('runs', namespace), { body: run });
  }

  async deleteRun({ metadata: { namespace, name, uid } }: RunObject): Promise<void> {
    const body = { preconditions: { uid }, propagationPolicy: 'Background' };
    await this.#client.request('DELETE', named(pathOf('runs', namespace), name), { body });
  }

  async putStatus({ metadata }: RunObject, status: RunStatus): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    await this.#client.request('PUT', `${named(pathOf('runs', namespace), name)}/status`, {
      body: {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { namespace, name, uid, resourceVersion },
        status,
      },
    });
  }

  job({ namespace, name }: Key): Promise<JobObject | null> {
    return this.#find(named(pathOf('jobs', namespace), name), jobObjectSchema);
  }

  async createJob(job: object, namespace: string): Promise<JobObject> {
    const made = await this.#client.request('POST', pathOf('jobs', namespace), { body: job });
    return jobObjectSchema.parse(made);
  }

  async patchJob({ namespace, name }: Key, patch: object): Promise<JobObject> {
    const changed = await this.#client.request('PATCH', named(pathOf('jobs', namespace), name), {
      body: patch,
      contentType: 'application/merge-patch+json',
    });
    return jobObjectSchema.parse(changed);
  }

  async pods({ namespace, name }: Key): Promise<PodObject[]> {
    const list = (await this.#client.request(
      'GET',
      `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      { query: { labelSelector: `batch.kubernetes.io/job-name=${name}` } },
    )) as { items?: unknown[] };
    return (list.items ?? []).map((item) => podObjectSchema.parse(item));
  }

  cronJob({ namespace, name }: Key): Promise<CronJobObject | null> {
    return this.#find(named(pathOf('cronJobs', namespace), name), cronJobObjectSchema);
  }

  async createEvent(event: object, namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    await this.#client.request('POST', path, { body: event });
  }

  runs(namespace: string): Promise<RunObject[]> {
    return this.#all(pathOf('runs', namespace), runObjectSchema);
  }

  jobs(namespace: string): Promise<JobObject[]> {
    return this.#all(pathOf('jobs', namespace), jobObjectSchema);
  }

  async #find<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    const found = await this.#client.find(path);
    return found === null ? null : schema.parse(found);
  }

  async #all<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
    const all: T[] = [];
    let next: string | undefined;
    do {
      const page = await listPage(this.#client, path, next);
      for (const item of page.items) all.push(schema.parse(item));
      next = page.next;
    } while (next !== undefined);
    return all;
  }
}

/** Whether an error is an answer with that status. */
export const answered = (error: unknown, ...statuses: number[]): error is ApiError =>
  error instanceof ApiError && statuses.includes(error.status);
