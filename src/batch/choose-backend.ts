import type { Backend } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import { AppError } from '../runtime/errors.ts';
import { Gpu } from './train/gpu/gpu.ts';

/** What computes the training and why, and the GPU where it is that; close it at the end. */
export interface ChosenBackend {
  readonly backend: Backend;
  readonly gpu: Gpu | null;
}

/** A GPU where one is asked for or there, else the CPU. Throws `NO_GPU` where one was asked for by name and is not there. */
export async function chooseBackend(
  asked: Settings['backend'],
  open: () => Promise<Gpu> = () => Gpu.open(),
): Promise<ChosenBackend> {
  if (asked === 'cpu') return onCpu('asked for');
  try {
    const gpu = await open();
    const how = asked === 'gpu' ? 'asked for' : 'found';
    return { backend: { used: 'gpu', reason: `${how}: ${gpu.facts.name}` }, gpu };
  } catch (error) {
    if (asked === 'gpu' || !(error instanceof AppError) || error.code !== 'NO_GPU') throw error;
    return onCpu(error.message);
  }
}

/**
 * The same once it is known how many readers or books there are at most, and D: a GPU that is too small for their
 * posteriors is closed. Throws `NO_GPU` where it was asked for by name.
 */
export async function ifLargeEnough(
  chosen: ChosenBackend,
  asked: Settings['backend'],
  rows: number,
  dim: number,
): Promise<ChosenBackend> {
  const { gpu } = chosen;
  if (gpu === null || gpu.hasRoomFor(rows, dim)) return chosen;
  const error = gpu.tooSmallFor(rows, dim);
  if (asked === 'gpu') throw error;
  await gpu.close();
  return onCpu(error.message);
}

function onCpu(reason: string): ChosenBackend {
  return { backend: { used: 'cpu', reason }, gpu: null };
}
