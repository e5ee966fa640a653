import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { threadLost } from '../thread-lost.ts';

/** What the watching thread is given. */
export interface WatchData {
  /** URL of what the workers run. */
  readonly program: string;
  /** One a worker. */
  readonly ports: readonly MessagePort[];
  /** Set to 1 when a worker has ended. */
  readonly lost: Int32Array;
  /** Told how, before that. */
  readonly words: MessagePort;
}

/**
 * The thread that starts the workers and learns of their end: the caller blocks while it waits for them, and so would
 * never learn of it.
 */
export class ThreadWatch {
  private readonly thread: Worker;
  /** Set to 1 once a worker has ended. */
  readonly lost = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly words: MessagePort;
  /** How the first worker ended. */
  private how: string | null = null;

  constructor(program: URL, ports: readonly MessagePort[]) {
    const { port1, port2 } = new MessageChannel();
    this.words = port1;
    const data: WatchData = { program: program.href, ports, lost: this.lost, words: port2 };
    this.thread = new Worker(new URL('./thread-watcher.ts', import.meta.url), {
      workerData: data,
      transferList: [port2, ...ports],
    });
    this.thread.on('error', (error: Error) => {
      this.how = error.message;
      Atomics.store(this.lost, 0, 1);
    });
    this.thread.unref();
  }

  /** Throws `THREAD_LOST` once a worker has ended. */
  throwIfLost(): void {
    if (Atomics.load(this.lost, 0) === 0) return;
    // the watching thread sends nothing else
    const first = receiveMessageOnPort(this.words) as { message: string } | undefined;
    this.how ??= first?.message ?? 'for an unknown reason';
    throw threadLost(this.how);
  }

  async end(): Promise<void> {
    await this.thread.terminate();
  }
}
