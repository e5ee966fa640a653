import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ApiAccess, kubeconfigAccess, openAccess, podAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-access-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

/** A server that says what it was asked with. */
async function echo(): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((request, response) => {
    response.end(
      JSON.stringify({ url: request.url, authorization: request.headers.authorization }),
    );
  }).on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, connections: () => connections };
}

async function askOften(access: ApiAccess): Promise<unknown> {
  onTestFinished(() => access.close());
  const client = new ApiClient(access);
  for (let n = 0; n < 6; n++) await client.request('GET', '/a');
  return client.request('GET', '/c', { query: { limit: 5, continue: undefined } });
}

describe('access', () => {
  it('of a pod: its token, its namespace, few connections', async () => {
    const { url, connections } = await echo();
    const folder = folderWith({ token: 'secret', 'ca.crt': '', namespace: 'books\n' });
    const access = podAccess(url, folder);
    expect(access.namespace).toBe('books');
    expect(await askOften(access)).toEqual({ url: '/c?limit=5', authorization: 'Bearer secret' });
    expect(connections()).toBeLessThan(4);
  });

  it('of a kubeconfig: its context, few connections', async () => {
    const { url, connections } = await echo();
    const config = {
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 'mine' } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'books' } }],
    };
    const folder = folderWith({ config: JSON.stringify(config) });
    const access = await kubeconfigAccess(path.join(folder, 'config'));
    expect(access.namespace).toBe('books');
    expect(await askOften(access)).toMatchObject({ authorization: 'Bearer mine' });
    expect(connections()).toBeLessThan(4);
  });

  it('that cannot be had is told as a matter of settings', async () => {
    const missing = path.join(folderWith({}), 'none');
    await expect(kubeconfigAccess(missing)).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
    expect(() => podAccess('http://x', missing)).toThrow('no service account token');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    vi.stubEnv('KUBECONFIG', missing);
    await expect(openAccess()).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
  });
});
