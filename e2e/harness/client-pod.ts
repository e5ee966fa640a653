import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Answer, Ask, Command, StreamReport } from '../pods/protocol.ts';
import { keyHeaders } from './api-keys.ts';
import { findProgram } from '../../src/testing/find-program.ts';
import { image } from './images.ts';
import { apply, kubectl } from './kubectl.ts';
import { atEnd } from './namespace.ts';

const NAME = 'client';

/** A pod of the API's image that only runs pods/client.mts; restricted, as all pods of the tests. */
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: NAME, labels: { app: NAME } },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: NAME,
        image: image('api'),
        command: ['tini', '--', 'node', '--eval', 'setInterval(() => {}, 1e9)'],
        resources: {
          requests: { cpu: '50m', memory: '64Mi' },
          limits: { cpu: '1', memory: '256Mi' },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'script', mountPath: '/client' }],
      },
    ],
    volumes: [{ name: 'script', configMap: { name: NAME } }],
  },
};

/** A client inside the cluster, in a pod of its own. */
export class ClientPod {
  readonly #namespace: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #complaints = '';

  private constructor(namespace: string, process: ChildProcessWithoutNullStreams) {
    this.#namespace = namespace;
    this.#process = process;
    createInterface({ input: process.stdout }).on('line', (line) => {
      this.#hear(line);
    });
    process.stderr.on('data', (part: Buffer) => {
      this.#complaints += part.toString();
    });
    process.once('exit', () => {
      const error = new Error(`the client pod is gone: ${this.#complaints}`);
      for (const one of this.#waiting.values()) one.reject(error);
    });
  }

  /** Starts the pod and waits until it listens. */
  static async start(namespace: string): Promise<ClientPod> {
    const script = await readFile(new URL('../pods/client.mts', import.meta.url), 'utf8');
    const data = { 'client.mts': script };
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data };
    await apply(namespace, configMap, pod);
    await kubectl([
      'wait',
      '-n',
      namespace,
      '--for=condition=Ready',
      `pod/${NAME}`,
      '--timeout=90s',
    ]);
    const command = ['exec', '-i', '-n', namespace, NAME, '--', 'node', '/client/client.mts'];
    const process = spawn(findProgram('kubectl') ?? 'kubectl', command);
    atEnd(() => process.kill());
    return new ClientPod(namespace, process);
  }

  /** Sends one request, with the key of the API that it goes to, and gives whatever is answered. */
  async ask(url: string, init: Omit<Ask, 'kind' | 'url'> = {}): Promise<Answer> {
    const headers = { ...keyHeaders(url, this.#namespace), ...init.headers };
    return (await this.#send({ ...init, headers, kind: 'ask', url })) as Answer;
  }

  /** The body of an answer with status 200. */
  async json(url: string): Promise<unknown> {
    const { status, body } = await this.ask(url);
    if (status !== 200) throw new Error(`${url}: ${status} ${body}`);
    return JSON.parse(body);
  }

  /** Starts a steady stream of requests under a name: each loop asks again so many milliseconds after an answer. */
  async startStream(stream: string, url: string, loops = 4, pauseMs = 10): Promise<void> {
    const headers = keyHeaders(url, this.#namespace);
    await this.#send({ kind: 'start', stream, url, headers, loops, pauseMs });
  }

  /** What the stream has seen up to now. */
  async look(stream: string): Promise<StreamReport> {
    return (await this.#send({ kind: 'look', stream })) as StreamReport;
  }

  async stopStream(stream: string): Promise<StreamReport> {
    return (await this.#send({ kind: 'stop', stream })) as StreamReport;
  }

  #send(command: WithoutId<Command>): Promise<unknown> {
    this.#lastId += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#lastId, answer);
    this.#process.stdin.write(`${JSON.stringify({ ...command, id: this.#lastId })}\n`);
    return answer.promise;
  }

  #hear(line: string): void {
    const { id, result, error } = JSON.parse(line) as {
      id: number;
      result?: unknown;
      error?: string;
    };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
