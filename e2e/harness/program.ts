import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../../src/testing/find-program.ts';

const execute = promisify(execFile);

/** A program that ended with an error; `text` is all that it wrote. */
export class ProgramError extends Error {
  readonly text: string;

  constructor(program: string, args: readonly string[], text: string) {
    super(`${program} ${args.join(' ')}\n${text}`);
    this.name = 'ProgramError';
    this.text = text;
  }
}

/**
 * Runs a program of the PATH.
 * @param input what it reads from its standard input
 * @returns what it wrote to its standard output
 * @throws {ProgramError} it is not installed or ended with an error
 */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const file = findProgram(program);
  if (file === null) throw new ProgramError(program, args, `${program} is not installed`);
  const running = execute(file, args, { maxBuffer: 1 << 28 });
  // One that ends without reading its input is judged by how it ended.
  running.child.stdin?.on('error', () => undefined).end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    // execFile adds what the program wrote to the error.
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new ProgramError(program, args, stdout + stderr);
  }
}

/** The same for a program that is expected to fail: what it wrote. */
export async function refusal(
  program: string,
  args: readonly string[],
  input = '',
): Promise<string> {
  const outcome = await run(program, args, input).then(
    (text) => new Error(`${program} ${args.join(' ')} succeeded: ${text}`),
    (error: unknown) => error,
  );
  if (outcome instanceof ProgramError) return outcome.text;
  throw outcome;
}
