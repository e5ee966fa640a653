import { hash } from 'node:crypto';
import { z } from 'zod';
import project from '../../package.json' with { type: 'json' };
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { type Columns, type ColumnValue, packColumns, unpackColumns } from '../store/columns.ts';
import type { Store } from '../store/store.ts';
import type { TrainingData } from './train/model-state.ts';
import { positionColumns, positionFrom } from './train/position-codec.ts';
import type { Position, RoomFor, SweepPlan } from './train/trainer.ts';

/** Changes when older checkpoints cannot be gone on from. */
const FORMAT = 2;

/** The parts of a run's training, in order: what chooses, what is measured, what is published. */
const LEGS = ['train', 'refit', 'publish'] as const;
export type Leg = (typeof LEGS)[number];

const headSchema = z.object({ leg: z.enum(LEGS) });

/** What a training leaves behind to go on from, should it be stopped (docs/operations.md). */
export interface Trail {
  /** Where an earlier try of the same training was stopped; null where it starts at the start. */
  readonly leg: Leg | null;
  /** What the legs before that one had given. */
  readonly carried: Columns | null;
  /** The position in the leg where it was stopped; null in any other leg. Throws what `roomFor` throws. */
  position(leg: Leg, data: TrainingData, plan: SweepPlan, roomFor: RoomFor): Position | null;
  /** Told between sweeps; `carried` is what the legs before have given. */
  reached(leg: Leg, at: Position, carried: Readonly<Record<string, ColumnValue>>): Promise<void>;
}

/** Leaves nothing. */
export const NO_TRAIL: Trail = {
  leg: null,
  carried: null,
  position: () => null,
  reached: async () => undefined,
};

/** Name of a training by all that its result depends on. */
export function trainingName(contentHash: string, startVersion: string | null): string {
  return hash('sha256', [FORMAT, project.version, contentHash, startVersion ?? ''].join('\n'));
}

interface TrailOptions {
  /** Minutes between checkpoints; 0 for none but those that are asked for. */
  readonly minutes: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Checkpoints of a training in the store. A store that fails costs the checkpoint and not the training. */
export class StoredTrail implements Trail {
  readonly carried: Columns | null;
  readonly leg: Leg | null;
  readonly #store: Store;
  readonly #training: string;
  readonly #options: TrailOptions;
  #latest: { readonly at: Position; readonly pack: () => Uint8Array } | null = null;
  #savedAt: number;
  #isKept: boolean;

  /** Goes on from what the store keeps of the training, if that can be read. */
  static async open(store: Store, training: string, options: TrailOptions): Promise<StoredTrail> {
    try {
      const bytes = await store.checkpoint(training);
      return new StoredTrail(
        store,
        training,
        bytes === null ? null : unpackColumns(bytes),
        options,
      );
    } catch (error) {
      options.log.warn({ err: error }, 'the checkpoint cannot be read: training starts anew');
      return new StoredTrail(store, training, null, options);
    }
  }

  private constructor(store: Store, training: string, left: Columns | null, options: TrailOptions) {
    this.#store = store;
    this.#training = training;
    this.#options = options;
    this.#savedAt = options.clock.seconds();
    this.carried = left;
    this.#isKept = left !== null;
    this.leg = left === null ? null : headSchema.parse(left.json('head')).leg;
  }

  position(leg: Leg, data: TrainingData, plan: SweepPlan, roomFor: RoomFor): Position | null {
    return this.carried === null || leg !== this.leg
      ? null
      : positionFrom(this.carried, data, plan, roomFor);
  }

  async reached(
    leg: Leg,
    at: Position,
    carried: Readonly<Record<string, ColumnValue>>,
  ): Promise<void> {
    const pack = (): Uint8Array =>
      packColumns({ head: { leg }, ...positionColumns(at), ...carried });
    this.#latest = { at, pack };
    const { minutes, clock } = this.#options;
    if (minutes > 0 && clock.seconds() - this.#savedAt >= 60 * minutes) await this.save();
  }

  /** Writes where the training stands, if that is known; says whether there is a checkpoint to go on from. */
  async save(): Promise<boolean> {
    this.#savedAt = this.#options.clock.seconds();
    if (this.#latest?.at.isWhole !== true) return this.#isKept;
    try {
      await this.#store.putCheckpoint(this.#training, this.#latest.pack());
      this.#isKept = true;
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the checkpoint could not be written');
    }
    return this.#isKept;
  }

  /** Writes where the training stands and lets go of it, since no sweep follows. */
  async trained(): Promise<void> {
    await this.save();
    this.#latest = null;
  }

  /** The run has ended: nothing is left to go on from. */
  async end(): Promise<void> {
    await this.#store.deleteCheckpoint(this.#training);
  }
}

/** A part of what the legs before have given; throws `INTERNAL` where nothing was left. */
export function carriedBy(trail: Trail): Columns {
  if (trail.carried !== null) return trail.carried;
  throw new AppError('INTERNAL', 'No checkpoint to go on from', 'Report this as a bug.');
}
