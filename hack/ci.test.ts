import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { leftOut } from '../src/testing/left-out.ts';
import { type Behaviour, type Outcome, StubbedProject } from '../src/testing/stubbed-project.ts';

const TOOLS = [
  'bash',
  'cat',
  'dirname',
  'grep',
  'mktemp',
  'rm',
  'sed',
  'seq',
  'tail',
  'tee',
  'touch',
];
const release = '/etc/os-release';
const debian = existsSync(release) && /^ID=debian$/m.test(readFileSync(release, 'utf8'));
if (!debian) leftOut('.ci/run with a cluster: this is not Debian');

const PROGRAMS = ['make', 'id', 'apt-get', 'redis-server', 'chromium', 'shellcheck'];
const CHECKS = ['install', 'lint', 'typecheck', 'fmt-check', 'verify'];
const TESTS = ['test', 'test-gpu'];
const WELL: Behaviour = {
  'make *test': 'echo "9 passed, 0 failed"',
  'make *test-gpu': 'echo "3 passed, 0 failed"',
  'make *e2e': 'echo "E2E $E2E_KUBECONFIG,$E2E_BUILD,$E2E_LOAD"; echo "5 passed, 0 failed"',
  'id -u': 'echo 0',
  'store-image.sh': 'echo store:1',
  // No cluster is up.
  'kubectl *': 'exit 1',
};
const CLUSTER = ['../shared/cluster/up', '../shared/cluster/down'];

let project: StubbedProject;
afterEach(() => {
  project.remove();
});

interface Machine {
  readonly cluster?: boolean;
  readonly programs?: readonly string[];
}

function machine(
  behaviour: Behaviour,
  { cluster = true, programs = PROGRAMS }: Machine = {},
): void {
  project = new StubbedProject(['.ci/run'], debian ? [...TOOLS, 'setsid'] : TOOLS);
  project.stub(
    [...programs, 'kubectl', 'e2e/store-image.sh', ...(cluster ? CLUSTER : [])],
    behaviour,
    WELL,
  );
}

const ci = (...args: string[]): Promise<Outcome> =>
  project.run('.ci/run', args, { CLUSTER_DIR: project.at('../cluster') });

/** Targets of make in order, and the cluster's commands. */
const steps = (): string[] =>
  project
    .calls()
    .filter((call) => /^(make|up|down)\b/.test(call))
    .map((call) => call.replace('make --no-print-directory ', '').trim());

const lastLine = ({ output }: Outcome): string | undefined => output.trimEnd().split('\n').at(-1);

describe('.ci/run without a cluster', () => {
  it('runs all checks and then the tests, and says that the end-to-end tests were skipped', async () => {
    machine({}, { cluster: false });
    const outcome = await ci();
    expect(outcome.code).toBe(0);
    expect(steps()).toEqual([...CHECKS, ...TESTS]);
    expect(outcome.output).toContain(
      'ci: end-to-end tests skipped: there is no ../shared/cluster\n12 passed, 0 failed\n',
    );
  });

  it('skips them where it is not root', async () => {
    machine({ 'id -u': 'echo 1000' });
    const outcome = await ci();
    expect(outcome.output).toMatch(/ci: end-to-end tests skipped: .* needs root on Debian\n/);
    expect(steps()).toEqual([...CHECKS, ...TESTS]);
    expect(lastLine(outcome)).toBe('12 passed, 0 failed');
  });

  it('installs the packages that are missing', async () => {
    const programs = PROGRAMS.filter((name) => name !== 'shellcheck' && name !== 'chromium');
    machine({}, { cluster: false, programs });
    await ci();
    expect(project.calls().filter((call) => call.startsWith('apt-get'))).toEqual([
      'apt-get update -q',
      'apt-get install -qy --no-install-recommends chromium shellcheck',
    ]);
  });

  it('goes on where it may not install them', async () => {
    const programs = PROGRAMS.filter((name) => name !== 'shellcheck');
    machine({ 'id -u': 'echo 1000' }, { cluster: false, programs });
    const { code, output } = await ci();
    expect(code).toBe(0);
    expect(output).toContain(
      'ci: cannot install shellcheck; the suites that need them are left out',
    );
  });

  it('runs everything after a failure, and names what failed before the count', async () => {
    machine({ 'make *lint': 'exit 2', 'make *verify': 'exit 2' }, { cluster: false });
    const { code, output } = await ci();
    expect(code).toBe(1);
    expect(steps()).toEqual([...CHECKS, ...TESTS]);
    expect(output).toMatch(/\nci: failed: lint verify\n12 passed, 0 failed\n$/);
  });

  it.each([
    {
      how: 'failed tests',
      does: 'echo "10 passed, 2 failed"; exit 2',
      count: '13 passed, 2 failed',
    },
    { how: 'no count', does: 'echo "cannot start"; exit 2', count: '3 passed, 1 failed' },
    {
      how: 'no failed test',
      does: 'echo "10 passed, 0 failed"; exit 2',
      count: '13 passed, 1 failed',
    },
  ])('counts tests that end with $how', async ({ does, count }) => {
    machine({ 'make *test': does }, { cluster: false });
    const outcome = await ci();
    expect(outcome.code).toBe(1);
    expect(lastLine(outcome)).toBe(count);
  });

  it('runs the target that it is given last', async () => {
    machine({}, { cluster: false, programs: [...PROGRAMS, 'wrk'] });
    const outcome = await ci('bench');
    expect(steps().at(-1)).toBe('bench');
    expect(lastLine(outcome)).toBe('12 passed, 0 failed');
  });
});

describe.skipIf(!debian)('.ci/run with a cluster', () => {
  it('starts it first, runs all kinds of tests, stops it, and adds up what they counted', async () => {
    machine({});
    const outcome = await ci();
    expect(outcome.code).toBe(0);
    expect(steps().filter((step) => step !== 'up')).toEqual([...CHECKS, ...TESTS, 'e2e', 'down']);
    expect(steps().indexOf('up')).toBeLessThan(steps().indexOf('test'));
    expect(lastLine(outcome)).toBe('17 passed, 0 failed');
    expect(outcome.output).toContain(
      `E2E ${project.at('../cluster')}/kubeconfig,../shared/cluster/build-image --layers,../shared/cluster/load-image store:1\n`,
    );
    expect(readdirSync(project.at('../tmp'))).toEqual([]);
  });

  it('waits for it before the tests, which use its programs', async () => {
    machine({
      // Still busy when the checks have ended.
      up: `until (( $(times "make .* fmt-check") )); do :; done; seq 3000000 >/dev/null; touch ../up-is-done`,
      'make *test': 'cat ../up-is-done && echo "1 passed, 0 failed"',
    });
    expect(lastLine(await ci())).toBe('9 passed, 0 failed');
  });

  it('leaves a cluster that was up', async () => {
    machine({ 'kubectl *': 'true' });
    expect((await ci()).code).toBe(0);
    expect(steps()).not.toContain('down');
    expect(steps()).toContain('e2e');
  });

  it('fails when an end-to-end test does, with what it printed', async () => {
    machine({ 'make *e2e': 'echo "--- events e2e-x"; echo "4 passed, 1 failed"; exit 2' });
    const outcome = await ci();
    expect(outcome.code).toBe(1);
    expect(outcome.output).toContain('--- events e2e-x\n');
    expect(outcome.output).toMatch(/\nci: failed: e2e\n16 passed, 1 failed\n$/);
    expect(steps().at(-1)).toBe('down');
  });

  it('fails when the cluster does not come up, after the other tests, with what it said', async () => {
    machine({ up: 'echo "no space left" >&2; exit 1' });
    const outcome = await ci();
    expect(outcome.code).toBe(1);
    expect(outcome.output).toContain('ci: ../shared/cluster/up failed:\nno space left\n');
    expect(outcome.output).toMatch(/\nci: failed: cluster\n12 passed, 1 failed\n$/);
    expect(steps().filter((step) => step !== 'up')).toEqual([...CHECKS, ...TESTS, 'down']);
  });

  it('ends its start and stops it when interrupted', async () => {
    machine({
      up: 'echo $$ >../up-pid; exec tail -f /dev/null',
      'make *lint': 'exec tail -f /dev/null',
    });
    const { process: script, ended } = project.start('.ci/run', [], {
      CLUSTER_DIR: project.at('../cluster'),
    });
    await vi.waitFor(() => {
      expect(readFileSync(project.at('../up-pid'), 'utf8')).toMatch(/\n/);
      expect(steps()).toContain('lint');
    }, 10_000);
    if (script.pid === undefined) throw new Error('the script did not start');
    process.kill(-script.pid, 'SIGINT');
    expect((await ended).code).toBe(130);
    expect(steps().at(-1)).toBe('down');
    const up = Number(readFileSync(project.at('../up-pid'), 'utf8'));
    await vi.waitFor(() => {
      expect(() => process.kill(up, 0)).toThrow('ESRCH');
    });
  });
});
