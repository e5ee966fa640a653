import { readFileSync } from 'node:fs';
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js';
import type { RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { Agent, type Dispatcher } from 'undici';
import { AppError } from '../runtime/errors.ts';
import { environment } from '../runtime/environment.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * How to reach an API server and who to be there. The two methods are those of the library's `KubeConfig` that its
 * `Watch` calls.
 */
export interface ApiAccess {
  getCurrentCluster(): { readonly server: string };
  applySecurityAuthentication(context: RequestContext): Promise<void>;
  /** Namespace of the pod, or of the kubeconfig's context. */
  readonly namespace: string;
  close(): Promise<void>;
}

/**
 * The pod's own account where there is one, else the kubeconfig. The library's `KubeConfig` pulls in every type of the
 * Kubernetes API, 45 MiB of memory, so that a pod does without it.
 */
export async function openAccess(): Promise<ApiAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment();
  if (!host || !port) return kubeconfigAccess();
  const address = host.includes(':') ? `[${host}]` : host;
  return podAccess(`https://${address}:${port}`, ACCOUNT);
}

/** The account that is mounted in a pod: `token`, `ca.crt` and `namespace` in a folder. */
export function podAccess(server: string, folder: string): ApiAccess {
  const read = (file: string): string => {
    try {
      return readFileSync(`${folder}/${file}`, 'utf8');
    } catch (cause) {
      throw noAccess(`The pod has no service account token: ${folder}/${file}`, cause);
    }
  };
  const agent = overHttp1(new Agent({ connect: { ca: read('ca.crt') } }));
  // Reads the token anew every minute, since it is rotated.
  const account = new FileAuth();
  const user = {
    name: 'pod',
    authProvider: { name: 'tokenFile', config: { tokenFile: `${folder}/token` } },
  };
  return {
    namespace: read('namespace').trim(),
    getCurrentCluster: () => ({ server }),
    applySecurityAuthentication: async (context) => {
      const options = { headers: {} as Record<string, string> };
      await account.applyAuthentication(user, options);
      for (const [name, value] of Object.entries(options.headers)) {
        context.setHeaderParam(name, value);
      }
      context.setDispatcher(agent);
    },
    close: () => agent.close(),
  };
}

/** The current context of `file`, by default of KUBECONFIG or ~/.kube/config. */
export async function kubeconfigAccess(file?: string): Promise<ApiAccess> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    throw noAccess('The kubeconfig cannot be read', cause);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw noAccess('The kubeconfig names no cluster');
  let first: Dispatcher | undefined;
  return {
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    getCurrentCluster: () => cluster,
    applySecurityAuthentication: async (context) => {
      await config.applySecurityAuthentication(context);
      // The library makes a pool of connections for each request; one is enough.
      const made = context.getDispatcher();
      first ??= made && overHttp1(made);
      if (first !== undefined) context.setDispatcher(first);
    },
    close: async () => first?.close(),
  };
}

/** A connection that has died unseen goes with the request that it kept waiting; one of HTTP/2 would outlive all of them. */
const overHttp1 = (dispatcher: Dispatcher): Dispatcher =>
  dispatcher.compose((dispatch) => (options, handler) => {
    const http1 = { ...options, allowH2: false };
    return dispatch(http1, handler);
  });

const noAccess = (message: string, cause?: unknown): AppError =>
  new AppError('BAD_SETTINGS', message, 'Run in a pod with a service account, or set KUBECONFIG.', {
    cause,
  });
