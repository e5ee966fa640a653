import { afterAll } from 'vitest';
import { gpuOrNull } from '../../../testing/gpu.ts';
import { describeRowStep } from '../../../testing/row-step/conformance.ts';
import { GpuRowStep } from './gpu-row-step.ts';

const gpu = await gpuOrNull();
afterAll(() => gpu?.close());

if (gpu !== null) {
  describeRowStep({
    name: `WebGPU, ${gpu.facts.name}`,
    tolerance: 1e-4,
    make: (sides, matrix) => {
      const isShifted = sides.some(({ shift }) => shift !== null);
      const kernel = gpu.kernelFor(matrix, sides[0].dim, {
        isShifted,
        isLatent: false,
        threads: 1,
      });
      return sides.map((side) => new GpuRowStep(side, kernel));
    },
  });
}
