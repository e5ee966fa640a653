import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory with these files for the time of the test; strings are written as UTF-8. */
export function dataDirectory(files: Readonly<Record<string, string | Uint8Array>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'bookrec-data-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  writeFiles(dir, files);
  return dir;
}

/** Writes the files into a directory, which is made if need be; gives the directory back. */
export function writeFiles(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}
