import { on } from 'node:events';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { sharedInts } from '../../model/shared-array.ts';
import { AppError, type ErrorParts } from '../../runtime/errors.ts';
import { threadLost } from '../thread-lost.ts';
import { stoppedReading } from './csv-format.ts';
import { type CsvFile, type FileRows, rowsOf } from './rows-of.ts';

/** What the thread is given. */
export interface RowsTask {
  readonly files: readonly CsvFile[];
  /** How many messages were taken, for the thread to wait for. */
  readonly taken: Int32Array;
}

/** What it answers: rows, and an error at its end if it has one. */
export type RowsAnswer = { readonly rows: FileRows } | { readonly failed: ErrorParts };

/** Bytes on disk below which a thread costs more than it saves. */
const ENOUGH_FOR_THREAD = 1 << 20;

/** Rows of files, one file after the other; where these are large they are parsed in a thread, beside what the caller does with the rows before. */
export class RowsAhead {
  readonly #files: readonly CsvFile[];
  readonly #signal: AbortSignal | undefined;
  readonly #thread: RowsThread | null;
  #read = 0;

  static async of(
    files: readonly CsvFile[],
    signal?: AbortSignal,
    cores = availableParallelism(),
  ): Promise<RowsAhead> {
    const isThreaded = cores > 1 && (await bytesOf(files)) >= ENOUGH_FOR_THREAD;
    return new RowsAhead(files, isThreaded ? new RowsThread(files) : null, signal);
  }

  private constructor(
    files: readonly CsvFile[],
    thread: RowsThread | null,
    signal: AbortSignal | undefined,
  ) {
    this.#files = files;
    this.#thread = thread;
    this.#signal = signal;
  }

  /** Rows of the next file. Throws as `rowsOf` does, and `THREAD_LOST`. */
  async *next(): AsyncGenerator<FileRows> {
    const file = this.#files[this.#read++];
    if (file === undefined) throw new RangeError('all files are read');
    if (this.#thread === null) {
      yield* rowsOf(file, this.#signal);
      return;
    }
    for (let isLast = false; !isLast;) {
      const rows = await this.#thread.rows();
      if (this.#signal?.aborted === true) throw stoppedReading(file.file.name);
      ({ isLast } = rows);
      yield rows;
    }
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    await this.#thread?.end();
  }
}

class RowsThread {
  readonly #worker: Worker;
  readonly #taken = sharedInts(1);
  readonly #answers: AsyncIterator<[RowsAnswer]>;

  constructor(files: readonly CsvFile[]) {
    const task: RowsTask = { files, taken: this.#taken };
    this.#worker = new Worker(new URL('./rows-thread.ts', import.meta.url), { workerData: task });
    // the thread sends nothing else
    this.#answers = on(this.#worker, 'message', { close: ['exit'] }) as AsyncIterator<[RowsAnswer]>;
  }

  async rows(): Promise<FileRows> {
    const next = await this.#answers.next();
    if (next.done === true) throw threadLost('while it read files');
    const [answer] = next.value;
    if ('failed' in answer) throw AppError.of(answer.failed);
    Atomics.add(this.#taken, 0, 1);
    Atomics.notify(this.#taken, 0);
    return answer.rows;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Of those that cannot be looked at none, since reading them tells why. */
async function bytesOf(files: readonly CsvFile[]): Promise<number> {
  const sizes = files.map(({ file }) =>
    stat(file.path).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
