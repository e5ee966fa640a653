import { z } from 'zod';
import { type Metrics, metricsSchema } from '../contracts/metrics.ts';
import type { Columns, ColumnValue } from '../store/columns.ts';
import { type HeldOut, packHeldOut, unpackHeldOut } from './gate/held-out.ts';

/** What the measured model was found to be worth. */
export interface Measured {
  readonly metrics: Metrics;
  readonly heldOut: HeldOut;
}

/** For a checkpoint. */
export function measuredColumns({ metrics, heldOut }: Measured): Record<string, ColumnValue> {
  return { metrics: JSON.stringify(metrics), heldOut: packHeldOut(heldOut) };
}

/** Reads it back; throws `STORE_CORRUPT`. */
export function measuredFrom(columns: Columns): Measured {
  return {
    metrics: metricsSchema.parse(JSON.parse(z.string().parse(columns.json('metrics')))),
    heldOut: unpackHeldOut(columns.array('heldOut', Uint8Array)),
  };
}
