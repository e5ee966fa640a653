import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../src/runtime/environment.ts';
import { findProgram } from '../src/testing/find-program.ts';
import { leftOut } from '../src/testing/left-out.ts';

const scripts = globSync('{.ci,bin,e2e,hack}/**', { cwd: projectFolder }).filter(
  (file) =>
    statSync(`${projectFolder}/${file}`).isFile() &&
    (file.endsWith('.sh') || /^#!.*sh\n/.test(readFileSync(`${projectFolder}/${file}`, 'utf8'))),
);
const shellcheck = findProgram('shellcheck');
if (shellcheck === null) leftOut('the check of shell scripts: there is no shellcheck on the PATH');

describe('shell scripts', () => {
  it('are found', () => {
    expect(scripts).toEqual(
      expect.arrayContaining(['.ci/run', 'bin/bookrec', 'e2e/k3d.sh', 'hack/install.sh']),
    );
  });

  it.skipIf(shellcheck === null).each(scripts)('%s: shellcheck has no complaint', (script) => {
    const { stdout, stderr } = spawnSync(shellcheck ?? '', ['--external-sources', script], {
      cwd: projectFolder,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
  });
});
