import type { z } from 'zod';
import type { Problem } from '../contracts/http.ts';
import { AppError, ERRORS, type ErrorCode } from '../runtime/errors.ts';

/** A field of a request that is wrong: parameter name, or JSON pointer into the body. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A request that names its wrong fields. */
export class InvalidRequest extends AppError {
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    const first = fields[0];
    const message = first === undefined ? 'The request is not valid.' : describe(first);
    super('BAD_REQUEST', message, 'Correct the fields listed in errors.');
    this.fields = fields;
  }
}

function describe(field: FieldError): string {
  return field.path === '' ? `${field.message}.` : `${field.path}: ${field.message}.`;
}

/** Where a value stands in a request. */
type Place = 'parameter' | 'body';

/** Parses `value`; throws `InvalidRequest` that names every wrong field. */
export function parseRequest<S extends z.ZodType>(
  schema: S,
  value: unknown,
  place: Place,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidRequest(result.error.issues.flatMap((issue) => fieldErrors(issue, place)));
}

function fieldErrors(issue: z.core.$ZodIssue, place: Place): FieldError[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: pathOf(issue.path, place), message: issue.message }];
  }
  return issue.keys.map((key) => ({
    path: pathOf([...issue.path, key], place),
    message: place === 'body' ? 'Unknown field' : 'Unknown parameter',
  }));
}

function pathOf(path: readonly PropertyKey[], place: Place): string {
  if (place === 'parameter') return path.map(String).join('.');
  return path.map((part) => `/${pointerPart(String(part))}`).join('');
}

function pointerPart(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Turns whatever was thrown into an `AppError`; errors of Express and its parser keep their kind. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = statusOf(thrown);
  if (status === 413) {
    return new AppError('BODY_TOO_LARGE', 'The body exceeds 256 kB.', 'Send fewer ratings.');
  }
  if (status === 415) {
    return new AppError('MEDIA_TYPE', 'The body is not plain JSON.', 'Send UTF-8 JSON.');
  }
  if (status !== null && status >= 400 && status < 500) {
    return new AppError(
      'BAD_REQUEST',
      'The request cannot be read.',
      'Check the URL encoding, and that the body is well-formed JSON.',
      { cause: thrown },
    );
  }
  return new AppError('INTERNAL', 'Unexpected error', 'Look for the instance in the log.', {
    cause: thrown,
  });
}

function statusOf(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('status' in thrown)) return null;
  return typeof thrown.status === 'number' ? thrown.status : null;
}

/** Problem-details body of an error of the request `id`; what went wrong inside stays inside for status 500. */
export function problemOf(error: AppError, id: string): Problem {
  const { status, title } = ERRORS[error.code];
  const said = status === 500 ? 'The server failed to answer.' : error.message;
  return {
    type: typeOf(error.code),
    title,
    status,
    detail: `${said} ${status === 500 ? 'Look for the instance in the log.' : error.hint}`,
    code: error.code,
    instance: id,
    ...(error instanceof InvalidRequest ? { errors: [...error.fields] } : {}),
  };
}

function typeOf(code: ErrorCode): string {
  return `urn:bookrec:error:${code.toLowerCase().replaceAll('_', '-')}`;
}
