import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFolder } from '../runtime/environment.ts';
import { findProgram } from './find-program.ts';

/** How a script ended, with what it wrote to both of its outputs. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Shell commands by pattern of a call, such as `docker build *`; calls without one succeed and say nothing. */
export type Behaviour = Readonly<Record<string, string>>;

/** A script that runs in a process group of its own, as one that a terminal started. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Outcome>;
}

/**
 * Some of the project's files in a folder of their own, with programs in place of the real ones that only note how they
 * were called. No other program than the given ones is found on the PATH.
 */
export class StubbedProject {
  readonly folder: string;
  readonly #top: string;
  readonly #calls: string;
  readonly #running = new Set<number>();

  /**
   * @param files paths in the project
   * @param tools names of real programs that the scripts need
   */
  constructor(files: readonly string[], tools: readonly string[]) {
    this.#top = mkdtempSync(path.join(tmpdir(), 'bookrec-scripts-'));
    this.folder = path.join(this.#top, 'main');
    this.#calls = path.join(this.#top, 'calls');
    for (const folder of ['bin', 'tmp', 'main']) mkdirSync(path.join(this.#top, folder));
    for (const file of files) {
      const copy = path.join(this.folder, file);
      mkdirSync(path.dirname(copy), { recursive: true });
      copyFileSync(path.join(projectFolder, file), copy);
    }
    for (const tool of tools) {
      const real = findProgram(tool);
      if (real === null) throw new Error(`${tool} is not installed`);
      symlinkSync(real, path.join(this.#top, 'bin', tool));
    }
  }

  /**
   * Puts programs on the PATH, or where their path says.
   * @param behaviours earlier ones go before later ones; in their commands, `times PATTERN` counts the calls so far
   */
  stub(programs: readonly string[], ...behaviours: readonly Behaviour[]): void {
    const cases = behaviours
      .flatMap((behaviour) => Object.entries(behaviour))
      .map(([pattern, commands]) => `${pattern.replaceAll(' ', '\\ ')}) ${commands} ;;`);
    const script = `#!/usr/bin/env bash
call="\${0##*/}\${*:+ $*}"
echo "$call" >>'${this.#calls}'
times() { grep -c -- "$1" '${this.#calls}'; }
case $call in
${cases.join('\n')}
esac
`;
    for (const program of programs) {
      const name = program.includes('/') ? path.join('main', program) : path.join('bin', program);
      const file = path.join(this.#top, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, script);
      chmodSync(file, 0o755);
    }
  }

  /** Runs a script of the folder. */
  run(
    script: string,
    args: readonly string[] = [],
    settings: NodeJS.ProcessEnv = {},
  ): Promise<Outcome> {
    return this.start(script, args, settings).ended;
  }

  start(script: string, args: readonly string[] = [], settings: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(path.join(this.folder, script), args, {
      env: { ...settings, PATH: this.at('../bin'), TMPDIR: this.at('../tmp') },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) this.#running.add(pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        output += part.toString();
      });
    }
    const { promise: ended, resolve, reject } = Promise.withResolvers<Outcome>();
    child.once('error', reject).once('close', (code) => {
      if (pid !== undefined) this.#running.delete(pid);
      resolve({ code, output });
    });
    return { process: child, ended };
  }

  /** Calls of stubbed programs with their arguments, in order. */
  calls(): string[] {
    return existsSync(this.#calls) ? readFileSync(this.#calls, 'utf8').trimEnd().split('\n') : [];
  }

  /** Path of a file of the folder. */
  at(file: string): string {
    return path.join(this.folder, file);
  }

  /** Deletes the folder, after ending what a failed test left running. */
  remove(): void {
    for (const group of this.#running) process.kill(-group, 'SIGKILL');
    rmSync(this.#top, { recursive: true, force: true });
  }
}
