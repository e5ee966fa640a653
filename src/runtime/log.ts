import { createRequire } from 'node:module';
import { pino, type DestinationStream, type Logger } from 'pino';
import type * as Pretty from 'pino-pretty';
import type { LogFormat, LogLevel } from '../contracts/settings.ts';
import { AppError } from './errors.ts';

export type Log = Logger;

const SECRETS = ['password', 'token', 'secret', 'authorization', 'cookie'];

/** Depth to which secrets are looked for in logged objects. */
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** An error as it is logged: nothing but known fields, since clients hang commands with secrets on theirs. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...(error instanceof AppError && { code: error.code, hint: error.hint }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** One readable line a record, without process id and host name. */
function readable(colorize: boolean, destination: DestinationStream): DestinationStream {
  // Here, since a program that logs JSON, as those in pods do, starts a tenth sooner without it.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty;
  const format = prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'HH:MM:ss',
    ignore: 'pid,hostname',
  });
  return {
    write: (line) => {
      destination.write(format(line));
    },
  };
}

/**
 * The program's log. It goes to standard error, so that standard output holds results alone:
 * readable lines on a terminal or with `text`, else one JSON object a line.
 */
export function createLog(
  options: { level: LogLevel; format: LogFormat },
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log {
  const terminal = process.stderr.isTTY;
  const text = options.format === 'text' || (options.format === 'auto' && terminal);
  return pino(
    {
      level: options.level,
      redact: { paths: REDACTED, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    text ? readable(terminal, destination) : destination,
  );
}
