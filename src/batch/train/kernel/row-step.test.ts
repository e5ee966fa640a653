import { ReferenceRowStep } from '../../../model/reference-row-step.ts';
import { describeRowStep } from '../../../testing/row-step/conformance.ts';
import type { RowStepImplementation } from '../../../testing/row-step/conformance.ts';
import { type KernelBuild, kernelFor, moduleOf } from './kernel.ts';
import { WasmRowStep } from './wasm-row-step.ts';

function inWasm(build: KernelBuild, wide: boolean): RowStepImplementation {
  const module = moduleOf(build);
  return {
    name: `WebAssembly, ${build} SIMD, ${wide ? 'f64' : 'compact records'}`,
    tolerance: wide ? 1e-9 : 1e-3,
    make: (sides, matrix) => {
      const isShifted = sides.some(({ shift }) => shift !== null);
      const kernel = kernelFor(matrix, sides[0].dim, { isShifted, isLatent: false }, wide);
      if (kernel === null) throw new RangeError('too large');
      return sides.map((side) => new WasmRowStep(side, { ...kernel, module }));
    },
  };
}

const IMPLEMENTATIONS: readonly RowStepImplementation[] = [
  {
    name: 'reference',
    tolerance: 1e-9,
    make: (sides) => sides.map((side) => new ReferenceRowStep(side)),
  },
  inWasm('relaxed', true),
  inWasm('relaxed', false),
  inWasm('plain', true),
  inWasm('plain', false),
];

IMPLEMENTATIONS.forEach(describeRowStep);
