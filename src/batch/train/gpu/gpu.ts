import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { RatingMatrix } from '../../../model/rating-matrix.ts';
import { AppError } from '../../../runtime/errors.ts';
import { ThreadWatch } from '../thread-watch.ts';
import type { GpuFacts } from './gpu-device.ts';
import { CONTROL, gpuKernelFor, posteriorWords, STATE } from './gpu-kernel.ts';
import type { GpuKernel, GpuNeeds } from './gpu-kernel.ts';

/** What the thread of the GPU is sent: first what to open, then trainings, of which the last goes on, then to close. */
export type GpuMessage =
  | { readonly open: { readonly software: boolean } }
  | { readonly kernel: GpuKernel }
  | { readonly close: true };

/** What it says once it has opened the GPU or not. */
export type GpuAnswer = { readonly facts: GpuFacts } | { readonly reason: string };

const MIB = 2 ** 20;

/** What a machine with a GPU has on Linux: drivers of NVIDIA, of others, of AMD for computing, of Windows' Linux. */
const DEVICES = ['/dev/nvidiactl', '/dev/dri', '/dev/kfd', '/dev/dxg'];

/** A GPU, in a thread of its own, since WebGPU answers later and who trains blocks. */
export class Gpu {
  readonly facts: GpuFacts;
  private readonly port: MessagePort;
  /** Ends when the other end of the port is closed. */
  private readonly closed: Promise<unknown>;
  private readonly watch: ThreadWatch;
  private kernel: GpuKernel | null = null;

  private constructor(
    facts: GpuFacts,
    port: MessagePort,
    closed: Promise<unknown>,
    watch: ThreadWatch,
  ) {
    this.facts = facts;
    this.port = port;
    this.closed = closed;
    this.watch = watch;
  }

  /** Opens the first GPU, with `software` one that only computes in software too. Throws `NO_GPU` with the reason where there is none. */
  static async open({ software = false } = {}): Promise<Gpu> {
    const missing = software ? null : whatIsMissing();
    if (missing !== null) throw noGpu(missing);
    const { port1, port2 } = new MessageChannel();
    const watch = new ThreadWatch(new URL('./gpu-thread.ts', import.meta.url), [port2]);
    const message: GpuMessage = { open: { software } };
    port1.postMessage(message);
    const closed = once(port1, 'close');
    // the thread sends nothing else; a port that closes says nothing
    const [answer] = (await Promise.race([once(port1, 'message'), closed])) as [GpuAnswer?];
    port1.unref();
    if (answer !== undefined && 'facts' in answer) {
      return new Gpu(answer.facts, port1, closed, watch);
    }
    await watch.end();
    throw noGpu(answer?.reason ?? 'its thread ended');
  }

  /** Whether the posteriors of so many readers or books with D numbers are small enough for it. */
  hasRoomFor(rows: number, dim: number): boolean {
    return posteriorBytes(rows, dim) <= this.facts.bytes;
  }

  /** `NO_GPU` that says how much too small it is. */
  tooSmallFor(rows: number, dim: number): AppError {
    const [need, have] = [posteriorBytes(rows, dim), this.facts.bytes].map((bytes) =>
      Math.ceil(bytes / MIB),
    );
    return noGpu(`${this.facts.name} gives ${have} MiB in one piece, and ${need} are needed`);
  }

  /** Makes it ready for a training by so many threads; what it was made ready for before ends. */
  kernelFor(matrix: RatingMatrix, dim: number, needs: GpuNeeds): GpuKernel {
    this.release();
    this.kernel = gpuKernelFor(matrix, dim, needs, this.watch.lost);
    const message: GpuMessage = { kernel: this.kernel };
    this.port.postMessage(message);
    return this.kernel;
  }

  /** Ends its thread once it is done: ended in the midst of a call, the driver's library ends the process. */
  async close(): Promise<void> {
    this.release();
    const message: GpuMessage = { close: true };
    this.port.ref();
    this.port.postMessage(message);
    await this.closed;
    await this.watch.end();
  }

  private release(): void {
    for (const { control } of this.kernel?.boxes ?? []) {
      Atomics.store(control, CONTROL.state, STATE.closed);
      Atomics.notify(control, CONTROL.state);
    }
    this.kernel = null;
  }
}

function posteriorBytes(rows: number, dim: number): number {
  return rows * posteriorWords(dim) * Float32Array.BYTES_PER_ELEMENT;
}

function noGpu(reason: string): AppError {
  return new AppError(
    'NO_GPU',
    `There is no GPU to train on: ${reason}`,
    'Ask for backend auto or cpu, or see docs/operations.md, GPU nodes.',
  );
}

/** Why it is not worth it to look for a GPU, which takes a thread; null where it is. */
function whatIsMissing(): string | null {
  try {
    createRequire(import.meta.url).resolve('webgpu');
  } catch {
    return 'the package webgpu is not installed';
  }
  const isBare = process.platform === 'linux' && !DEVICES.some((file) => existsSync(file));
  return isBare ? 'the machine has no device file of one' : null;
}
