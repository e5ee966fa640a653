import { endWithReader } from './output.ts';
import { runProgram } from './program.ts';
import { VERBS } from './verbs.ts';

endWithReader();
process.exitCode = await runProgram(VERBS, process.argv.slice(2));
