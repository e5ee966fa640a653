import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Change,
  type KubeObject,
  mergePatch,
  type NewObject,
  ObjectTable,
  Refused,
} from './objects.ts';

/** What goes wrong with a request. */
export interface Fault {
  /** Answered instead of what was asked; the request is not carried out, unless `after` says so. */
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Carries the request out first: the answer is lost, the change is not. */
  readonly after?: boolean;
  readonly delayMs?: number;
}

export interface Request {
  readonly method: string;
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly status: boolean;
  readonly watch: boolean;
  readonly query: URLSearchParams;
}

interface Watching {
  readonly resource: string;
  readonly namespace: string | null;
  readonly response: ServerResponse;
}

const PATH =
  /^\/apis?\/(?:[^/]+\/)?v1(?:alpha1)?(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(\/status)?$/;
/** Kinds whose status only the status subresource writes. */
const WITH_STATUS = new Set(['recommenderruns', 'jobs', 'cronjobs', 'pods']);

/** An API server over HTTP, in memory, whose watches and answers a test can spoil. */
export class FakeKubeApi {
  readonly table: ObjectTable;
  /** All requests so far. */
  readonly requests: Request[] = [];
  /** Asked for each request; null for no fault. */
  fault: (request: Request) => Fault | null = () => null;
  /** Watches stay open and say nothing. */
  deaf = false;
  /** Watches from an older version are told that it is gone. */
  oldest = 0;
  readonly #watching = new Set<Watching>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.table = new ObjectTable((change) => {
      for (const watching of this.#watching) this.#tell(watching, change);
    });
  }

  static async start(port = 0): Promise<FakeKubeApi> {
    const server = createServer((message, response) => {
      api.#answer(message, response).catch((error: unknown) => {
        refuse(response, error);
      });
    });
    const api = new FakeKubeApi(server);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  get url(): string {
    // A server that listens on a TCP port has an address of this kind.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Ends all watches as a network does, in the middle of a line. */
  cutWatches(): void {
    for (const watching of [...this.#watching]) {
      this.#watching.delete(watching);
      watching.response.write('{"type":"MODI');
      watching.response.destroy();
    }
  }

  /** Ends all watches as their time does, with a last bookmark. */
  endWatches(): void {
    for (const watching of [...this.#watching]) this.#end(watching, this.#mark());
  }

  /** Forgets all changes so far: a watch from before must begin anew. */
  compact(): void {
    this.oldest = this.table.version;
    for (const watching of [...this.#watching]) this.#end(watching, gone());
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = requestOf(message);
    this.requests.push(request);
    const body = await bodyOf(message);
    const fault = this.fault(request) ?? {};
    if (fault.delayMs !== undefined) await delay(fault.delayMs);
    if (fault.after === true) this.#carryOut(request, body);
    if (fault.status !== undefined) {
      response.writeHead(fault.status, { ...fault.headers, 'Content-Type': 'application/json' });
      response.end(JSON.stringify(statusOf(fault.status, 'Fault', 'as the test wants it')));
    } else if (request.watch) {
      this.#watch(request, response);
    } else {
      const result = JSON.stringify(this.#carryOut(request, body));
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(result);
    }
  }

  #carryOut(request: Request, body: unknown): unknown {
    const { method, resource, namespace, name } = request;
    if (name === null) {
      return method === 'POST'
        ? this.table.create(
            resource,
            namespace ?? '',
            body as NewObject,
            !WITH_STATUS.has(resource),
          )
        : this.#list(request);
    }
    const place = namespace ?? '';
    switch (method) {
      case 'GET':
        return this.table.get(resource, place, name);
      case 'DELETE': {
        const { preconditions } = (body ?? {}) as { preconditions?: { uid?: string } };
        return this.table.delete(resource, place, name, preconditions?.uid);
      }
      case 'PUT': {
        const { status = {}, metadata } = body as KubeObject;
        return this.table.update(resource, place, name, () => ({ status }), metadata);
      }
      case 'PATCH':
        return this.table.update(
          resource,
          place,
          name,
          (object) => mergePatch(object, body) as KubeObject,
        );
      default:
        throw new Refused(405, 'MethodNotAllowed', method);
    }
  }

  #list({ resource, namespace, query }: Request): unknown {
    const [label, value] = (query.get('labelSelector') ?? '').split('=');
    const all = this.table
      .list(resource, namespace)
      .filter(({ metadata }) => label === '' || metadata.labels?.[label ?? ''] === value);
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length);
    const next = from + limit < all.length ? String(from + limit) : '';
    const metadata = { resourceVersion: String(this.table.version), continue: next };
    // As in a real list, items have no kind.
    const items = all.slice(from, from + limit).map(({ kind: _, apiVersion: __, ...item }) => item);
    return { kind: 'List', metadata, items };
  }

  #watch({ resource, namespace, query }: Request, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    if (from < this.oldest) {
      response.end(`${JSON.stringify(gone())}\n`);
      return;
    }
    const watching = { resource, namespace, response };
    for (const change of this.table.changes) {
      if (change.version > from) this.#tell(watching, change);
    }
    this.#watching.add(watching);
    const seconds = Number(query.get('timeoutSeconds') ?? 300);
    const timer = setTimeout(() => {
      this.#end(watching, this.#mark());
    }, 1000 * seconds);
    response.once('close', () => {
      clearTimeout(timer);
      this.#watching.delete(watching);
    });
  }

  #mark(): object {
    const metadata = { resourceVersion: String(this.table.version) };
    return { type: 'BOOKMARK', object: { metadata } };
  }

  #end(watching: Watching, last: object): void {
    this.#watching.delete(watching);
    watching.response.end(`${JSON.stringify(last)}\n`);
  }

  #tell({ resource, namespace, response }: Watching, change: Change): void {
    if (this.deaf || change.resource !== resource) return;
    if (namespace !== null && namespace !== change.object.metadata.namespace) return;
    response.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`);
  }
}

const statusOf = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  status: 'Failure',
  code,
  reason,
  message,
});

const gone = (): object => ({
  type: 'ERROR',
  object: statusOf(410, 'Expired', 'too old resource version'),
});

function refuse(response: ServerResponse, error: unknown): void {
  const { status, reason, message } =
    error instanceof Refused ? error : new Refused(500, 'InternalError', String(error));
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(statusOf(status, reason, message)));
}

function requestOf({ url = '', method = '' }: IncomingMessage): Request {
  const { pathname, searchParams: query } = new URL(url, 'http://fake');
  const [, namespace = null, resource = '', name = null, status] = PATH.exec(pathname) ?? [];
  const watch = query.get('watch') === 'true';
  return { method, resource, namespace, name, status: status !== undefined, watch, query };
}

async function bodyOf(message: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
