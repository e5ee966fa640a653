import { startState } from '../batch/train/model-state.ts';
import { sweepDataOf, sweepNumbersOf } from '../batch/train/sweep-data.ts';
import { SweepPool } from '../batch/train/sweep-pool.ts';
import { plantedEffects } from './planted.ts';

// Sweeps until the one worker is dealt a chunk, in the middle of which it dies. A process of its own, since a trainer
// that did not notice would block for ever.
const { data, heldOut } = plantedEffects(1, 600, 280);
const state = startState(data, 2, 1);
const pool = new SweepPool(2, { program: new URL('dying-sweep-worker.ts', import.meta.url) });
pool.use(sweepDataOf(state, heldOut));
for (;;) pool.run('books', sweepNumbersOf(state));
