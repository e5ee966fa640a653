import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';

/** Trainings on a GPU: `make test-gpu`. Its shaders take long to compile in software. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: ['**/node_modules/**'] } },
  defineConfig({
    test: { include: ['src/**/*.gpu.test.ts'], maxWorkers: 1, testTimeout: 120_000 },
  }),
);
