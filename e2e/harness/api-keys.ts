import { kubectl } from './kubectl.ts';

/** Keys of the APIs that the tests have installed, by namespace. */
const keys = new Map<string, string>();

/** Reads the key that a release's chart has generated; charts before keys have none. */
export async function learnKey(namespace: string, prefix: string): Promise<void> {
  const args = ['get', 'secret', `${prefix}-api-keys`, '-n', namespace, '--ignore-not-found'];
  const text = await kubectl([...args, '-o', 'jsonpath={.data.key}']);
  if (text !== '') keys.set(namespace, Buffer.from(text, 'base64').toString('utf8'));
}

/** Headers with the key of the API at `url`: of the namespace in its name, or of `near` for an address of a pod. */
export function keyHeaders(url: string, near: string): Record<string, string> {
  const [, namespace = near] = /^[^.]+\.([^.]+)\.svc\b/.exec(new URL(url).hostname) ?? [];
  const key = keys.get(namespace);
  return key === undefined ? {} : { Authorization: `Bearer ${key}` };
}
