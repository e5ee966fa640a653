/**
 * Type-checks every file under the options of the nearest tsconfig.json, as editors and ESLint do.
 * `tsc -p .` alone would judge the kernels, which the rest imports, by the stricter options of the root.
 */
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');
const configs = [
  'src/model',
  'src/batch/train',
  'src/batch/evaluate',
  'src/batch/recommend',
  'src/testing/row-step',
  'hack/speed',
  '.',
].map((folder) => path.join(root, folder));

const ownerOf = (file: string): string | undefined =>
  configs.find((folder) => file.startsWith(folder + path.sep));

function check(folder: string): readonly ts.Diagnostic[] {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  };
  const config = ts.getParsedCommandLineOfConfigFile(path.join(folder, 'tsconfig.json'), {}, host);
  if (config === undefined) throw new Error(`no tsconfig.json in ${folder}`);
  const program = ts.createProgram(config.fileNames, config.options);
  const own = program.getSourceFiles().filter((file) => config.fileNames.includes(file.fileName));
  return [
    ...program.getOptionsDiagnostics(),
    ...own
      .filter((file) => ownerOf(file.fileName) === folder)
      .flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]),
  ];
}

const problems = configs.flatMap(check);
if (problems.length > 0) {
  const format = { ...ts.createCompilerHost({}), getCurrentDirectory: () => root };
  const print = process.stdout.isTTY
    ? ts.formatDiagnosticsWithColorAndContext
    : ts.formatDiagnostics;
  process.stdout.write(print(problems, format));
}
process.stdout.write(`${problems.length} type errors\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
