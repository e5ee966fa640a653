import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { environment } from '../runtime/environment.ts';

/** A program of the PATH; null where there is none. */
export function findProgram(name: string): string | null {
  const folders = (environment()['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
