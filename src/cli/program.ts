import { Command, CommanderError, Option } from 'commander';
import { SETTINGS, type SettingInfo, type SettingKey } from '../contracts/settings.ts';
import { environment } from '../runtime/environment.ts';
import { createLog } from '../runtime/log.ts';
import { loadSettings } from '../runtime/settings.ts';
import { onShutdown } from '../runtime/shutdown.ts';
import { createOutput, showError } from './output.ts';
import type { CommonKey, Verb } from './verb.ts';

const COMMON: readonly CommonKey[] = ['logLevel', 'logFormat'];

/** Runs the command line `args` with the given verbs and returns the exit code: 0, 1 (failed) or 2 (wrong use). */
export async function runProgram(verbs: readonly Verb[], args: readonly string[]): Promise<number> {
  const program = base(new Command('bookrec')).description(
    'Book recommendations that know how sure they are.',
  );
  for (const verb of verbs) addVerb(program, verb, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own complaints and its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const debug = args.includes('debug') || args.includes('--log-level=debug');
    return showError(error, { json: args.includes('--json'), debug });
  }
}

const base = (command: Command): Command =>
  command
    .exitOverride()
    .showHelpAfterError('(--help lists what there is)')
    .helpOption('-h, --help', 'Show this help');

/** Adds a verb, and the group before it where its name has two words. */
function addVerb(program: Command, verb: Verb, args: readonly string[]): void {
  const words = verb.name.split(' ');
  const name = words.pop() ?? '';
  const parent = words.reduce(
    (command, word) =>
      command.commands.find((child) => child.name() === word) ??
      base(command.command(word)).description(`Commands about ${word}`),
    program,
  );
  const command = base(parent.command(name)).description(verb.summary);
  for (const operand of verb.operands ?? []) command.argument(operand);
  const infos = SETTINGS.filter(({ key }) => [...verb.settings, ...COMMON].includes(key));
  for (const info of infos) if (info.flag !== null) command.addOption(optionOf(info));
  command
    .option('--config <file>', 'JSON file with settings by key (env: BOOKREC_CONFIG)')
    .option('--json', 'Write results and errors as JSON')
    .addHelpText('after', environmentHelp(infos))
    // Collected and reported with everything else that is wrong.
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => runVerb(verb, infos, command, args));
}

function optionOf(info: SettingInfo): Option {
  const notes = [
    info.choices && `one of ${info.choices.join(', ')}`,
    info.defaultText !== undefined && `default: ${info.defaultText}`,
    `env: ${info.env}`,
  ].filter(Boolean);
  return new Option(
    `--${info.flag ?? info.key} <${info.value}>`,
    `${info.description} (${notes.join('; ')})`,
  );
}

function environmentHelp(infos: readonly SettingInfo[]): string {
  const lines = infos
    .filter(({ flag }) => flag === null)
    .map(({ env, description }) => `  ${env.padEnd(20)} ${description}`);
  return lines.length === 0 ? '' : `\nBy the environment alone:\n${lines.join('\n')}`;
}

async function runVerb(
  verb: Verb,
  infos: readonly SettingInfo[],
  command: Command,
  args: readonly string[],
): Promise<void> {
  const given = command.opts<Record<string, string | undefined> & { json?: true }>();
  const flags: Partial<Record<SettingKey, string>> = {};
  for (const info of infos) {
    const value = info.flag === null ? undefined : given[optionOf(info).attributeName()];
    if (value !== undefined) flags[info.key] = value;
  }
  const operands = command.args.slice(0, mostOperands(verb));
  const settings = loadSettings(
    infos.map(({ key }) => key),
    { flags, environment: environment(), file: given['config'] ?? environment()['BOOKREC_CONFIG'] },
    unexpected(command.args, operands.length, args),
  );
  using shutdown = onShutdown();
  await verb.run({
    settings,
    operands,
    log: createLog({ level: settings.logLevel, format: settings.logFormat }),
    output: createOutput(given.json ?? false),
    signal: shutdown.signal,
  });
}

/** How many operands a verb takes; the last one may be repeated, `<file...>`. */
function mostOperands({ operands = [] }: Verb): number {
  return operands.at(-1)?.includes('...') === true ? Infinity : operands.length;
}

/** What the command line holds beyond the verb's own options and operands. */
function unexpected(
  rest: readonly string[],
  operands: number,
  args: readonly string[],
): readonly string[] {
  const literal = args.includes('--') ? args.slice(args.indexOf('--') + 1) : [];
  // A lone dash is an operand: a standard stream.
  const isFlag = (word: string): boolean =>
    word.startsWith('-') && word !== '-' && !literal.includes(word);
  const flags = rest.filter(isFlag).map((word) => `${word.split('=')[0] ?? ''}: no such option`);
  const words = rest.filter((word) => !isFlag(word)).slice(operands);
  // A word after an unknown flag is most likely its value.
  return flags.length > 0 ? flags : words.map((word) => `${word}: one word too many`);
}
