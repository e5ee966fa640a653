import { z } from 'zod';
import type { SidePrior } from '../../model/side-prior.ts';
import { wishart } from '../../model/wishart.ts';
import type { Columns, ColumnArray, ColumnType, ColumnValue } from '../../store/columns.ts';
import { type ModelState, startState, type TrainingData } from './model-state.ts';
import { type Position, type RoomFor, startPosition, type SweepPlan } from './trainer.ts';

const gammaSchema = z.object({ shape: z.number(), rate: z.number() });
const shapeSchema = z.object({ prior: z.number(), used: z.number() });
const scalarsSchema = z.object({
  dim: z.int().min(1),
  sweep: z.int(),
  ended: z.boolean(),
  offset: z.number(),
  tau: gammaSchema,
  readerShape: shapeSchema,
  bookShape: shapeSchema,
  readerDof: z.number(),
  bookDof: z.number(),
});

/**
 * What the next sweep reads of a position, without rounding. Readers are not in it but for the noise, since a sweep begins
 * by solving them anew; the data are read again.
 */
export function positionColumns(at: Position): Record<string, ColumnValue> {
  const { state } = at;
  return {
    position: {
      dim: state.dim,
      sweep: at.sweep,
      ended: at.ended,
      offset: state.offset,
      tau: { ...state.tau },
      readerShape: { ...state.readerShape },
      bookShape: { ...state.bookShape },
      readerDof: state.readerPrior.precision.dof,
      bookDof: state.bookPrior.precision.dof,
    },
    ...arraysOf(state),
    ...latentArraysOf(state),
    readerScale: state.readerPrior.precision.inverseScale,
    bookScale: state.bookPrior.precision.inverseScale,
    readerRidges: ridgesOf(state.readerPrior),
    bookRidges: ridgesOf(state.bookPrior),
    rule: at.rule.memory(),
    ...at.watch.memory(),
  };
}

/** The position on the data that it was on, and with the plan that it had; throws `STORE_CORRUPT`, and what `roomFor` throws. */
export function positionFrom(
  columns: Columns,
  data: TrainingData,
  plan: SweepPlan,
  roomFor: RoomFor = () => undefined,
): Position {
  const scalars = scalarsSchema.parse(columns.json('position'));
  roomFor(scalars.dim);
  const doubles = (name: string): Float64Array => columns.array(name, Float64Array);
  const state = startState(data, scalars.dim - 1, 0);
  const arrays = { ...arraysOf(state), ...latentArraysOf(state) };
  for (const [name, array] of Object.entries(arrays)) fill(array, name, columns);
  state.offset = scalars.offset;
  state.tau = scalars.tau;
  Object.assign(state.readerShape, scalars.readerShape);
  Object.assign(state.bookShape, scalars.bookShape);
  restorePrior(
    state.readerPrior,
    scalars.readerDof,
    doubles('readerScale'),
    doubles('readerRidges'),
  );
  restorePrior(state.bookPrior, scalars.bookDof, doubles('bookScale'), doubles('bookRidges'));
  const at = startPosition(state, plan);
  at.sweep = scalars.sweep;
  at.ended = scalars.ended;
  at.rule.recall(doubles('rule'));
  at.watch.recall(doubles('signal'), doubles('falls'));
  return at;
}

/** The arrays that are copied as they are, by column. */
function arraysOf({ readers, books, readerPrior, bookPrior }: ModelState) {
  return {
    readerNoise: readers.precision,
    bookMean: books.mean,
    bookCov: books.cov,
    bookNoise: books.precision,
    effectVar: books.effectVar,
    readerIntercept: readerPrior.intercept,
    readerEffect: readerPrior.effect,
    readerEffectVar: readerPrior.effectVar,
    bookIntercept: bookPrior.intercept,
    bookEffect: bookPrior.effect,
    bookEffectVar: bookPrior.effectVar,
  };
}

/** Latent ratings, which the next sweep begins from. */
function latentArraysOf({ latent, data }: ModelState): Record<string, Float64Array> {
  return latent === null ? {} : { latentMean: data.matrix.value, latentVar: latent.variance };
}

function fill(array: ColumnArray, name: string, columns: Columns): void {
  // the constructor of an array gives arrays of its kind
  array.set(columns.array(name, array.constructor as ColumnType<ColumnArray>));
}

/** Shapes and rates in turn. */
function ridgesOf({ ridge }: SidePrior): Float64Array {
  return Float64Array.from(ridge.flatMap(({ shape, rate }) => [shape, rate]));
}

function restorePrior(
  prior: SidePrior,
  dof: number,
  inverseScale: Float64Array,
  ridges: Float64Array,
): void {
  prior.ridge.forEach((ridge, n) => {
    ridge.shape = ridges[2 * n];
    ridge.rate = ridges[2 * n + 1];
  });
  prior.precision = wishart(prior.dim, dof, inverseScale.slice());
  prior.rebuildMeans();
}
