import { ReferenceRowStep } from '../../model/reference-row-step.ts';
import type { RowSide, RowStep } from '../../model/row-step.ts';
import type { Kernel } from './kernel/kernel.ts';
import { WasmRowStep } from './kernel/wasm-row-step.ts';

/** One thread's row step for a side: in WebAssembly where there is a kernel, else the reference. */
export function rowStepFor(side: RowSide, kernel: Kernel | null): RowStep {
  return kernel === null ? new ReferenceRowStep(side) : new WasmRowStep(side, kernel);
}
