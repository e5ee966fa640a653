import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importTable } from './hack/import-table.js';

const ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Only src/runtime/environment.ts reads the environment.',
};
const OUTPUT = ['stdout', 'stderr'].map((property) => ({
  object: 'process',
  property,
  message: 'Results go through src/cli/output.ts, everything else through the log.',
}));
const RANDOM = { object: 'Math', property: 'random', message: 'Use the seeded generator.' };
const IMPURE_GLOBALS = ['process', 'Date', 'console', 'performance', 'setTimeout', 'fetch'];

export default defineConfig(
  // The chart's only script runs in a pod of its own, with neither our settings nor our output.
  {
    ignores: ['var/', 'coverage/', 'data/', '.tmp/', 'charts/', 'src/**/assembly/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/array-type': ['error', { default: 'array-simple' }],
      // Indices walk several columns at once all over the numeric code.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.recommended] },
  {
    files: ['**/*.{ts,js}'],
    rules: {
      complexity: ['error', 12],
      eqeqeq: 'error',
      'max-depth': ['error', 4],
      'max-lines': ['error', 400],
      'max-params': ['error', 5],
      'no-console': 'error',
      'no-restricted-properties': ['error', ENVIRONMENT],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { bookrec: { rules: { 'import-table': importTable } } },
    rules: {
      'bookrec/import-table': 'error',
      'no-restricted-properties': ['error', ENVIRONMENT, ...OUTPUT],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', message: 'Use the global, which lint can watch.' }] },
      ],
    },
  },
  {
    files: ['src/model/**/*.ts', 'src/contracts/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': ['error', RANDOM],
    },
  },
  {
    files: ['src/runtime/environment.ts', 'src/runtime/log.ts', 'src/cli/output.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['**/*.test.ts'], rules: { 'max-lines': ['error', 600] } },
);
