import { fileURLToPath } from 'node:url';

/** The variables of the process; the only place that touches them. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Absolute path of the folder that holds package.json, without a slash at the end. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
