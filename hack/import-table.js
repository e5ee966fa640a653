/**
 * The import table of the source folders as an ESLint rule. It resolves static and dynamic imports,
 * which `no-restricted-imports` does not, and tells `../model/` from a folder of the same name below.
 */
import path from 'node:path';

/** What each folder of src/ may import besides itself; a name with a slash is one single file. */
export const IMPORT_TABLE = {
  contracts: [],
  runtime: ['contracts'],
  model: ['contracts', 'runtime/errors.ts'],
  store: ['contracts', 'runtime', 'model'],
  batch: ['contracts', 'runtime', 'model', 'store'],
  api: ['contracts', 'runtime', 'model', 'store'],
  controller: ['contracts', 'runtime', 'store'],
  cli: ['contracts', 'runtime', 'model', 'store', 'batch', 'api', 'controller'],
  testing: ['contracts', 'runtime', 'model', 'store', 'batch', 'api', 'controller'],
};

/** Packages that only one folder may import. */
const OWNED_PACKAGES = {
  ioredis: 'store',
  lmdb: 'store',
  express: 'api',
  commander: 'cli',
  '@kubernetes': 'controller',
  undici: 'controller',
};

/** Folders without I/O: no module of Node. */
const PURE_FOLDERS = ['contracts', 'model'];

const isTest = (file) => file.endsWith('.test.ts');

function packageProblem(file, folder, source) {
  if (source.startsWith('node:')) {
    return PURE_FOLDERS.includes(folder) && !isTest(file) ? `src/${folder} is pure` : null;
  }
  const owner = OWNED_PACKAGES[source.split('/')[0]] ?? folder;
  return owner === folder || isTest(file) ? null : `only src/${owner} may import '${source}'`;
}

function folderProblem(file, folder, target) {
  const targetFolder = target.split('/')[0];
  if (targetFolder === folder || targetFolder === '..') return null;
  if (targetFolder === 'testing') return isTest(file) ? null : 'src/testing is for tests only';
  const allowed = IMPORT_TABLE[folder] ?? [];
  return allowed.includes(targetFolder) || allowed.includes(target)
    ? null
    : `src/${folder} may not import src/${target}`;
}

/** Why `file` (relative to src/) may not import `source`, or null where it may. */
function problem(file, source) {
  const folder = file.split('/')[0];
  return source.startsWith('.')
    ? folderProblem(file, folder, path.posix.join(path.posix.dirname(file), source))
    : packageProblem(file, folder, source);
}

/** @type {import('eslint').Rule.RuleModule} */
export const importTable = {
  meta: { type: 'problem', schema: [], messages: { banned: '{{why}} (docs/architecture.md)' } },
  create(context) {
    const root = path.join(context.cwd, 'src');
    const file = path.relative(root, context.filename).split(path.sep).join('/');
    const check = (node) => {
      const source = node.source?.value ?? node.argument?.literal?.value;
      if (typeof source !== 'string') return;
      const why = problem(file, source);
      if (why !== null) context.report({ node, messageId: 'banned', data: { why } });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check,
    };
  },
};
