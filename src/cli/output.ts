import { AppError } from '../runtime/errors.ts';

/** Where verbs write their results: readable text, or JSON for machines. */
export interface Output {
  readonly json: boolean;
  /** Writes a result; `text` is called only where people read it. */
  show(value: unknown, text: () => string): void;
  /** Writes a piece of a result that has one form alone, such as CSV. Resolves when there is room for more. */
  write(piece: string | Uint8Array): Promise<void>;
}

/** Output to the process's standard output. */
export function createOutput(json: boolean): Output {
  return {
    json,
    show: (value, text) => {
      process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
    },
    write: (piece) =>
      new Promise((resolve, reject) => {
        process.stdout.write(piece, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
  };
}

/** Ends quietly when the reader of standard output goes away, as in `bookrec ... | head`. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Writes an error to standard error and returns the exit code: 2 for wrong use, else 1. */
export function showError(error: unknown, options: { json: boolean; debug: boolean }): 1 | 2 {
  const known =
    error instanceof AppError
      ? error
      : new AppError('INTERNAL', messageOf(error), 'This is a defect; please report it.', {
          cause: error,
        });
  const { code, message, hint } = known;
  if (options.json) process.stderr.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  else process.stderr.write(`bookrec: ${message}\n${hint}\n`);
  if (options.debug || code === 'INTERNAL') process.stderr.write(`${stackOf(known)}\n`);
  return code === 'BAD_SETTINGS' ? 2 : 1;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Stacks from the outermost error to its first cause. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}

/** Columns of text, padded to their widest cell and two spaces apart. */
export function table(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
