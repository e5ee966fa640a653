import { ReferenceRowStep } from '../../model/reference-row-step.ts';
import type { RowSide, RowStep } from '../../model/row-step.ts';
import type { GpuKernel } from './gpu/gpu-kernel.ts';
import { GpuRowStep } from './gpu/gpu-row-step.ts';
import type { Kernel } from './kernel/kernel.ts';
import { WasmRowStep } from './kernel/wasm-row-step.ts';

/** What the row steps of a training work in; null asks for the reference. */
export type RowKernel = Kernel | GpuKernel | null;

/** One thread's row step for a side. */
export function rowStepFor(side: RowSide, kernel: RowKernel): RowStep {
  if (kernel === null) return new ReferenceRowStep(side);
  return kernel.kind === 'gpu' ? new GpuRowStep(side, kernel) : new WasmRowStep(side, kernel);
}
