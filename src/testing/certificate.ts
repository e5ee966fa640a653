import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A certificate for the host names, its key, and the authority that signed it, all as PEM. */
export function certificate(hosts: readonly string[]): { cert: string; key: string; ca: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-tls-'));
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: readonly string[]): unknown =>
    execFileSync('openssl', args, { stdio: 'pipe' });
  try {
    const curve = ['-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const newKey = ['-newkey', 'ec', ...curve, '-nodes', '-keyout'];
    const authority = ['-days', '2', '-subj', '/CN=bookrec test authority'];
    openssl('req', '-x509', ...newKey, file('ca.key'), '-out', file('ca.crt'), ...authority);
    openssl('req', ...newKey, file('tls.key'), '-out', file('tls.csr'), '-subj', '/CN=store');
    writeFileSync(file('names'), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`);
    const signer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial'];
    const request = ['-req', '-in', file('tls.csr'), '-days', '2', '-extfile', file('names')];
    openssl('x509', ...request, ...signer, '-out', file('tls.crt'));
    const read = (name: string): string => readFileSync(file(name), 'utf8');
    return { cert: read('tls.crt'), key: read('tls.key'), ca: read('ca.crt') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
