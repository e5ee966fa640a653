import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../src/runtime/environment.ts';

/** The project's own rules; the typed ones are off, since the snippets are in no file. */
const eslint = new ESLint({
  cwd: projectFolder,
  overrideConfig: [
    { languageOptions: { parserOptions: { projectService: false, project: false } } },
    {
      files: ['**/*.ts'],
      rules: Object.fromEntries(await typedRules()),
    },
  ],
});

async function typedRules(): Promise<Array<[string, 'off']>> {
  const { configs } = await import('typescript-eslint');
  return Object.keys(configs.disableTypeChecked.rules ?? {}).map((rule) => [rule, 'off']);
}

async function rulesBroken(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `${projectFolder}/${file}` });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const TABLE = 'bookrec/import-table';

describe('the import table', () => {
  it.each([
    { file: 'src/contracts/x.ts', source: '../runtime/errors.ts' },
    { file: 'src/contracts/x.ts', source: 'node:fs' },
    { file: 'src/runtime/x.ts', source: '../model/data.ts' },
    { file: 'src/model/x.ts', source: '../runtime/log.ts' },
    { file: 'src/model/x.ts', source: '../store/store.ts' },
    { file: 'src/model/x.ts', source: 'node:crypto' },
    { file: 'src/store/x.ts', source: '../batch/run.ts' },
    { file: 'src/batch/train/x.ts', source: '../../api/main.ts' },
    { file: 'src/batch/x.ts', source: 'ioredis' },
    { file: 'src/api/x.ts', source: 'lmdb' },
    { file: 'src/api/routes/x.ts', source: '../../batch/run.ts' },
    { file: 'src/controller/x.ts', source: '../model/data.ts' },
    { file: 'src/controller/x.ts', source: '../api/main.ts' },
    { file: 'src/cli/x.ts', source: '../testing/left-out.ts' },
    { file: 'src/store/x.ts', source: '../testing/left-out.ts' },
  ])('$file may not import $source', async ({ file, source }) => {
    expect(await rulesBroken(file, `import '${source}';\n`)).toEqual([TABLE]);
    expect(await rulesBroken(file, `export * from '${source}';\n`)).toEqual([TABLE]);
    expect(await rulesBroken(file, `await import('${source}');\n`)).toEqual([TABLE]);
  });

  it.each([
    { file: 'src/model/x.ts', source: '../runtime/errors.ts' },
    { file: 'src/model/nested/x.ts', source: '../store.ts' },
    { file: 'src/store/x.ts', source: 'ioredis' },
    { file: 'src/batch/x.ts', source: '../store/store.ts' },
    { file: 'src/cli/x.ts', source: '../batch/run.ts' },
    { file: 'src/store/x.test.ts', source: '../testing/left-out.ts' },
  ])('$file may import $source', async ({ file, source }) => {
    expect(await rulesBroken(file, `import '${source}';\n`)).toEqual([]);
  });
});

describe('purity', () => {
  it.each([
    { file: 'src/model/x.ts', code: 'export const x = Math.random();\n' },
    { file: 'src/model/x.ts', code: 'export const x = Date.now();\n' },
    { file: 'src/model/x.ts', code: 'export const x = process.argv;\n' },
    { file: 'src/store/x.ts', code: 'export const x = process.env;\n' },
    {
      file: 'src/store/x.ts',
      code: "import { env } from 'node:process';\nexport const x = env;\n",
    },
    { file: 'src/api/x.ts', code: "console.log('x');\n" },
    { file: 'src/api/x.ts', code: "process.stdout.write('x');\n" },
  ])('$file: $code', async ({ file, code }) => {
    expect(await rulesBroken(file, code)).toHaveLength(1);
  });
});
