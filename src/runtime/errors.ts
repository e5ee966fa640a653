/** One entry of the error registry: what a code means to HTTP and to a person. */
interface ErrorKind {
  /** HTTP status when the error reaches a client. */
  readonly status: number;
  /** Whether the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;
  readonly title: string;
}

/** Every error code of the product; `docs/errors.md` is generated from it. */
export const ERRORS = {
  BAD_REQUEST: { status: 400, retryable: false, title: 'The request is not valid' },
  BAD_SETTINGS: { status: 500, retryable: false, title: 'The settings are not valid' },
  DATA_NOT_FOUND: { status: 500, retryable: false, title: 'No data files found' },
  DATA_UNREADABLE: { status: 500, retryable: false, title: 'A data file cannot be read' },
  DATA_TOO_BAD: { status: 500, retryable: false, title: 'Too many bad rows in a data file' },
  DATA_EMPTY: { status: 500, retryable: false, title: 'No usable rating in the data' },
  DATA_NOT_FETCHED: { status: 502, retryable: true, title: 'A data file cannot be downloaded' },
  DATA_CHECKSUM: {
    status: 502,
    retryable: false,
    title: 'A downloaded file is not the expected one',
  },
  MODEL_INPUT: { status: 500, retryable: false, title: 'A number given to the model is not valid' },
  NUMERICAL: { status: 500, retryable: false, title: 'Training met a number that is not finite' },
  THREAD_LOST: {
    status: 500,
    retryable: false,
    title: 'A thread of the training ended before its work',
  },
  MEMORY_TOO_SMALL: {
    status: 500,
    retryable: false,
    title: 'The training needs more memory than it may use',
  },
  GPU_FAILED: { status: 500, retryable: true, title: 'The GPU stopped working' },
  NO_GPU: { status: 500, retryable: false, title: 'The GPU that was asked for is not there' },
  KEY_NEEDED: { status: 401, retryable: false, title: 'A valid key is needed' },
  KEY_LACKS_SCOPE: { status: 403, retryable: false, title: 'The key is not good for this' },
  RATE_LIMITED: { status: 429, retryable: true, title: 'Too many requests of one client' },
  NOT_TRAINED: { status: 503, retryable: true, title: 'Model not trained yet' },
  NOT_FOUND: { status: 404, retryable: false, title: 'Not found' },
  CURSOR_EXPIRED: { status: 410, retryable: false, title: 'The pages of this cursor are gone' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, title: 'Method not allowed' },
  BODY_TOO_LARGE: { status: 413, retryable: false, title: 'The request body is too large' },
  KEY_USED_BEFORE: {
    status: 422,
    retryable: false,
    title: 'The Idempotency-Key belongs to another request',
  },
  MEDIA_TYPE: { status: 415, retryable: false, title: 'The request body is of the wrong type' },
  VERSION_NOT_FOUND: { status: 404, retryable: false, title: 'No such model version' },
  VERSION_EXISTS: { status: 409, retryable: false, title: 'The model version is there already' },
  VERSION_FOREIGN: {
    status: 500,
    retryable: false,
    title: 'The model version was made by another release',
  },
  VERSION_IS_LIVE: { status: 409, retryable: false, title: 'The live version cannot be deleted' },
  OVERLOADED: { status: 503, retryable: true, title: 'Too many requests at once' },
  STORE_UNAVAILABLE: { status: 503, retryable: true, title: 'The store does not answer' },
  STORE_CORRUPT: { status: 500, retryable: false, title: 'A stored record cannot be decoded' },
  STORE_FULL: { status: 503, retryable: true, title: 'The store is full' },
  ARCHIVE_UNREACHABLE: {
    status: 502,
    retryable: true,
    title: 'A model archive cannot be read or written',
  },
  ARCHIVE_FOREIGN: { status: 500, retryable: false, title: 'The file is not a model archive' },
  ARCHIVE_TOO_NEW: {
    status: 500,
    retryable: false,
    title: 'The model archive was written by a newer release',
  },
  ARCHIVE_DAMAGED: {
    status: 500,
    retryable: false,
    title: 'The model archive is cut short or has changed',
  },
  CANCELLED: { status: 503, retryable: true, title: 'Stopped before the end' },
  INTERNAL: { status: 500, retryable: false, title: 'Internal error' },
} as const satisfies Record<string, ErrorKind>;

/** A code of the registry. */
export type ErrorCode = keyof typeof ERRORS;

/** What an `AppError` is made of; a message from thread to thread would lose that it is one. */
export interface ErrorParts {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** An error with a code of the registry; `hint` says what to do about it. */
export class AppError extends Error {
  static of({ code, message, hint }: ErrorParts, options?: ErrorOptions): AppError {
    return new AppError(code, message, hint, options);
  }

  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.hint = hint;
  }

  get parts(): ErrorParts {
    const { code, message, hint } = this;
    return { code, message, hint };
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
