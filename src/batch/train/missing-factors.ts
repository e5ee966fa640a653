import { sharedFloats } from '../../model/shared-array.ts';
import { HeldOutRows } from './held-out-rows.ts';
import type { ModelState } from './model-state.ts';
import { sweepReaders } from './reader-sweep.ts';
import { spectralFactors } from './spectral-start.ts';
import { sweepDataOf } from './sweep-data.ts';
import type { SweepPool } from './sweep-pool.ts';

/**
 * Whether directions stand out of what the factors of a state leave, so that it should have more of them, up to `rank`. Only
 * a start from nothing gives a state new factors, and data that grow can come to support some. Solves the readers.
 */
export function lacksFactors(
  state: ModelState,
  { rank, seed }: { rank: number; seed: number },
  pool: SweepPool,
): boolean {
  const { dim, data, readers, books } = state;
  const missing = rank - (dim - 1);
  if (missing <= 0) return false;
  const { matrix } = data;
  if (dim > 1) {
    pool.use(sweepDataOf(state, HeldOutRows.none, pool.kernelFor(state)));
    sweepReaders(state, pool);
  }
  const value = sharedFloats(matrix.size);
  for (let slot = 0; slot < matrix.size; slot++) {
    const [u, i] = [matrix.reader[slot] * dim, matrix.book[slot] * dim];
    let product = 0;
    for (let k = 1; k < dim; k++) product += readers.mean[u + k] * books.mean[i + k];
    value[slot] = matrix.value[slot] - product;
  }
  return spectralFactors({ ...matrix, value }, state.offset, missing, seed) !== null;
}
