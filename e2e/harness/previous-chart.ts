import { readdirSync } from 'node:fs';
import { projectFolder } from '../../src/runtime/environment.ts';

const folder = `${projectFolder}/e2e/charts`;

/** The newest chart that was released before the one in charts/, as Helm packed it. */
export function previousChart(): string {
  const newest = readdirSync(folder)
    .filter((file) => file.endsWith('.tgz'))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (newest === undefined) throw new Error(`${folder} holds no packed chart`);
  return `${folder}/${newest}`;
}
