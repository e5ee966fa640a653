import { existsSync, readFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { environment } from '../src/runtime/environment.ts';

/**
 * Prints, after vitest's own summary, the suites that this machine could not run (see
 * src/testing/left-out.ts) and the line `N passed, N failed`.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') failed += 1;
      }
    }
    const lines = [...leftOutSuites(), `${passed} passed, ${failed} failed`];
    // At the very end, since the default reporter may still have its summary to write.
    process.once('exit', () => {
      process.stdout.write(`${lines.join('\n')}\n`);
    });
  }
}

function leftOutSuites(): string[] {
  const file = environment()['BOOKREC_LEFT_OUT'];
  if (file === undefined || !existsSync(file)) return [];
  const reasons = new Set(readFileSync(file, 'utf8').trim().split('\n').filter(Boolean));
  return [...reasons].map((reason) => `left out: ${reason}`);
}
