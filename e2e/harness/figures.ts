import { appendFileSync } from 'node:fs';
import { projectFolder } from '../../src/runtime/environment.ts';

/** Notes a measured figure; e2e/run.sh shows all of them at the end. */
export function figure(what: string, measured: string): void {
  appendFileSync(`${projectFolder}/var/e2e-figures.txt`, `${what}: ${measured}\n`);
}
