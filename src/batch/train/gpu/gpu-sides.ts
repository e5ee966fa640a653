/// <reference types="@webgpu/types" />
import { readFileSync } from 'node:fs';
import { packedSize } from '../../../model/cholesky.ts';
import {
  CONTROL,
  inputLayout,
  posteriorWords,
  RESULT_WORDS,
  resultsAt,
  SIDE,
  TASK,
} from './gpu-kernel.ts';
import type { Box, GpuKernel } from './gpu-kernel.ts';

const F32 = Float32Array.BYTES_PER_ELEMENT;

/** Buffers of one box on the GPU, and what binds them for the rows of each side. */
interface BoxBuffers {
  readonly input: readonly GPUBuffer[];
  readonly results: GPUBuffer;
  readonly back: GPUBuffer;
  /** By `SIDE`. */
  readonly bindings: readonly GPUBindGroup[];
}

/** Posteriors of both sides of a training on the GPU, and the work on them that boxes ask for. */
export class GpuSides {
  private readonly device: GPUDevice;
  private readonly kernel: GpuKernel;
  private readonly pipeline: GPUComputePipeline;
  /** By `SIDE`. */
  private readonly sides: readonly GPUBuffer[];
  private readonly buffers: readonly BoxBuffers[];

  private constructor(device: GPUDevice, kernel: GpuKernel, pipeline: GPUComputePipeline) {
    this.device = device;
    this.kernel = kernel;
    this.pipeline = pipeline;
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    this.sides = [kernel.readers, kernel.books].map((count) =>
      this.buffer(count * posteriorWords(kernel.dim), STORAGE | COPY_SRC | COPY_DST),
    );
    this.buffers = kernel.boxes.map((box) => this.boxBuffers(box));
  }

  /** Lays out the posteriors of a training and compiles the row step for it. Throws an `Error` where the GPU cannot. */
  static async open(device: GPUDevice, kernel: GpuKernel): Promise<GpuSides> {
    const pipeline = await pipelineFor(device, kernel);
    return guarded(device, () => new GpuSides(device, kernel, pipeline));
  }

  /** Frees what was laid out. */
  destroy(): void {
    const own = this.buffers.flatMap(({ input, results, back }) => [...input, results, back]);
    for (const buffer of [...this.sides, ...own]) buffer.destroy();
  }

  /** Does what the n-th box says. Throws an `Error` where the GPU cannot. */
  async answer(n: number): Promise<void> {
    const box = this.kernel.boxes[n];
    if (box.control[CONTROL.task] === TASK.solve) return this.solve(box, this.buffers[n]);
    return this.take(box);
  }

  private buffer(words: number, usage: number): GPUBuffer {
    // a buffer of nothing cannot be bound
    return this.device.createBuffer({ size: Math.max(words, 4) * F32, usage });
  }

  private boxBuffers({ output }: Box): BoxBuffers {
    const { kernel, pipeline } = this;
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const input = pieces(kernel, kernel).map(({ length }) =>
      this.buffer(length, STORAGE | COPY_DST),
    );
    const results = this.buffer(kernel.rows * RESULT_WORDS, STORAGE | COPY_SRC);
    const back = this.buffer(output.length, COPY_DST | MAP_READ);
    const bindings = [SIDE.reader, SIDE.book].map((side) => {
      const buffers = [...input, this.sides[1 - side], this.sides[side], results];
      return this.device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
    });
    return { input, results, back, bindings };
  }

  private async take({ control, input }: Box): Promise<void> {
    const words = posteriorWords(this.kernel.dim);
    const [from, to, side] = [CONTROL.from, CONTROL.to, CONTROL.side].map((at) => control[at]);
    await guarded(this.device, () => {
      const buffer = this.sides[side];
      this.device.queue.writeBuffer(buffer, from * words * F32, input, 0, (to - from) * words);
    });
  }

  private async solve(
    { control, input, output }: Box,
    { input: parts, results, back, bindings }: BoxBuffers,
  ): Promise<void> {
    const { device, kernel, pipeline } = this;
    const [from, to, side] = [CONTROL.from, CONTROL.to, CONTROL.side].map((at) => control[at]);
    const [rows, places] = [control[CONTROL.rows], control[CONTROL.places]];
    const words = posteriorWords(kernel.dim);
    const posteriors = resultsAt(kernel.dim, to - from) * F32;
    const bytes = posteriors + rows * RESULT_WORDS * F32;
    await guarded(device, async () => {
      pieces(kernel, { rows, places }).forEach(({ at, length }, n) => {
        device.queue.writeBuffer(parts[n], 0, input, at, length);
      });
      const commands = device.createCommandEncoder();
      const pass = commands.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindings[side]);
      pass.dispatchWorkgroups(rows);
      pass.end();
      commands.copyBufferToBuffer(this.sides[side], from * words * F32, back, 0, posteriors);
      commands.copyBufferToBuffer(results, 0, back, posteriors, bytes - posteriors);
      device.queue.submit([commands.finish()]);
      await back.mapAsync(GPUMapMode.READ, 0, bytes);
      output.set(new Float32Array(back.getMappedRange(0, bytes)));
      back.unmap();
    });
  }
}

/** Compiled row steps by their source, since a training comes back to the same. */
const compiled = new Map<string, Promise<GPUComputePipeline>>();

function pipelineFor(device: GPUDevice, kernel: GpuKernel): Promise<GPUComputePipeline> {
  const code = shaderOf(kernel);
  const known = compiled.get(code);
  if (known !== undefined) return known;
  const compute = { module: device.createShaderModule({ code }) };
  const pipeline = device.createComputePipelineAsync({ layout: 'auto', compute });
  compiled.set(code, pipeline);
  return pipeline;
}

/** Rows, priors, ratings and shifts in the input of a box, in the order of their bindings. */
function pieces(
  kernel: GpuKernel,
  { rows, places }: { readonly rows: number; readonly places: number },
): Array<{ at: number; length: number }> {
  const { prior, places: third, ties, end } = inputLayout(kernel, rows, places);
  const starts = [0, prior, third, ties, end];
  return starts.slice(1).map((next, n) => ({ at: starts[n], length: next - starts[n] }));
}

/** The shader for one number of factors. */
function shaderOf({ dim, isShifted }: GpuKernel): string {
  const source = readFileSync(new URL('./row-step.wgsl', import.meta.url), 'utf8');
  const group = [64, 128].find((threads) => packedSize(dim) <= threads) ?? 256;
  return `const D = ${dim}u;\nconst GROUP = ${group}u;\nconst SHIFTED = ${isShifted};\n${source}`;
}

/** Runs what uses the device, and throws what the device finds wrong with it or has no memory for. */
async function guarded<T>(device: GPUDevice, work: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const scopes = async (): Promise<Array<GPUError | null>> =>
    Promise.all([device.popErrorScope(), device.popErrorScope()]);
  let result: T | Promise<T>;
  let errors;
  try {
    result = work();
  } finally {
    errors = scopes();
  }
  const [value, found] = await Promise.all([result, errors]);
  for (const error of found) if (error !== null) throw new Error(error.message);
  return value;
}
