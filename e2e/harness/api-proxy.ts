import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { kubectl } from './kubectl.ts';
import { atEnd } from './namespace.ts';

const HOST = '127.0.0.1';
/** A name that the certificate of every API server holds, since pods call it so. */
const NAME = 'kubernetes.default.svc';

const kubeconfigSchema = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.url() }) })]),
  contexts: z.tuple([z.looseObject({ context: z.looseObject({}) })]),
});

/** The API server of the cluster at another port, by a line that can be disturbed. */
export class ApiProxy {
  readonly #kubeconfig: z.infer<typeof kubeconfigSchema>;
  readonly #server: Server;
  readonly #lines = new Set<readonly [Socket, Socket]>();
  #port = 0;

  private constructor(kubeconfig: z.infer<typeof kubeconfigSchema>) {
    this.#kubeconfig = kubeconfig;
    const { hostname, port } = new URL(kubeconfig.clusters[0].cluster.server);
    this.#server = createServer((near) => {
      this.#join(near, connect(port === '' ? 443 : Number(port), hostname));
    });
  }

  /** Listens until the suite ends. */
  static async start(): Promise<ApiProxy> {
    const text = await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']);
    const proxy = new ApiProxy(kubeconfigSchema.parse(JSON.parse(text)));
    await proxy.accept();
    atEnd(() => {
      proxy.refuse();
    });
    return proxy;
  }

  /** The kubeconfig of the tests, by way of the proxy, as text. */
  kubeconfig(namespace: string): string {
    const [{ cluster, ...nameOfCluster }] = this.#kubeconfig.clusters;
    const [{ context, ...nameOfContext }] = this.#kubeconfig.contexts;
    const server = `https://${HOST}:${this.#port}`;
    return JSON.stringify({
      ...this.#kubeconfig,
      clusters: [{ ...nameOfCluster, cluster: { ...cluster, server, 'tls-server-name': NAME } }],
      contexts: [{ ...nameOfContext, context: { ...context, namespace } }],
    });
  }

  /** Resets all connections; new ones can be made. */
  cut(): void {
    for (const line of this.#lines) for (const socket of line) socket.resetAndDestroy();
  }

  /** Forwards nothing more on the connections that there are, and leaves them open; new ones can be made. */
  silence(): void {
    for (const [near, far] of this.#lines) {
      near.unpipe().resume();
      far.unpipe().resume();
    }
  }

  /** Resets all connections and refuses new ones, until `accept`. */
  refuse(): void {
    this.#server.close();
    this.cut();
  }

  /** Takes connections, at the same port as before. */
  async accept(): Promise<void> {
    this.#server.listen(this.#port, HOST);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  #join(near: Socket, far: Socket): void {
    const line = [near, far] as const;
    this.#lines.add(line);
    near.pipe(far);
    far.pipe(near);
    for (const socket of line) {
      // What ends one side ends the other; the error itself is the client's to see.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#lines.delete(line);
        for (const other of line) other.destroy();
      });
    }
  }
}
