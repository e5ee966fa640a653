import { Gpu } from '../batch/train/gpu/gpu.ts';
import { AppError } from '../runtime/errors.ts';
import { leftOut } from './left-out.ts';

/** A GPU, be it one in software; null, said in the summary, where there is neither. Close it at the end. */
export async function gpuOrNull(): Promise<Gpu | null> {
  try {
    return await Gpu.open({ software: true });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'NO_GPU') throw error;
    leftOut(`trainings on a GPU: ${error.message}`);
    return null;
  }
}
