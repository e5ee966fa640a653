import { FoldIn } from '../model/fold-in.ts';
import type { InterestModel } from '../model/interest/interest-model.ts';
import {
  interestBasis,
  type InterestWeights,
  learnWeights,
  type RatingSignal,
  type WeightTask,
} from '../model/interest/learn-interest.ts';
import type { Histories } from '../model/interest/ties.ts';
import { type Works, worksOf } from '../model/interest/works.ts';
import { countingOrder, countingStarts } from '../model/rating-matrix.ts';
import type { RatingModel } from '../model/trained-model.ts';
import type { Dataset } from './ingest/dataset.ts';
import { authorLabel } from './ingest/name-labels.ts';
import { inThread } from './in-thread.ts';
import { inputOf, type ReaderInputs } from './recommend/reader-inputs.ts';

/** The part of the rows that the signals see, and the part that says what was picked up. */
export interface InterestRows {
  readonly rest: Int32Array;
  readonly hidden: Int32Array;
  /** What `rest` says of each reader. */
  readonly inputs: ReaderInputs;
  /** E[alpha_u] of each reader under the model. */
  readonly noiseFactor: Float64Array;
}

/** All that the weights are learned from, as numbers that another thread can be given. */
export interface InterestTask extends Omit<WeightTask, 'rating'> {
  readonly model: RatingModel;
  readonly inputs: ReaderInputs;
  readonly noiseFactor: Float64Array;
}

/** The task of learning what the signals count from hidden rows; `model` must not have seen them either. */
export function interestTask(
  model: RatingModel,
  dataset: Dataset,
  { rest, hidden, inputs, noiseFactor }: InterestRows,
  seed: number,
): InterestTask {
  const { ratings } = dataset;
  const readerOf = hidden.map((row) => ratings.reader[row] ?? 0);
  const start = countingStarts(readerOf, dataset.readers.ids.length);
  const books = countingOrder(readerOf, start).map((n) => ratings.book[hidden[n] ?? 0] ?? 0);
  const histories = historiesOf(dataset, rest);
  const has = (starts: Int32Array, u: number): boolean => (starts[u + 1] ?? 0) > (starts[u] ?? 0);
  const readers = Int32Array.from(dataset.readers.ids.keys()).filter(
    (u) => has(start, u) && has(histories.start, u),
  );
  return {
    model,
    inputs,
    noiseFactor,
    histories,
    pickedUp: {
      readers,
      books: Array.from(readers, (u) => books.subarray(start[u], start[u + 1])),
    },
    labels: model.books.labels,
    listed: model.listed,
    seed,
  };
}

/** Learns what the signals count; throws as `learnWeights` does. */
export function learnFrom({ model, inputs, noiseFactor, ...task }: InterestTask): InterestWeights {
  return learnWeights({ ...task, rating: ratingSignal(model, inputs, noiseFactor) });
}

/** The same in a thread beside the caller's, or in that if there is to be one only. */
export async function learnInterest(task: InterestTask, threads: number): Promise<InterestWeights> {
  if (threads === 1) return learnFrom(task);
  return inThread(new URL('./interest-worker.ts', import.meta.url), task);
}

/** The interest model with what the given rows say, beside all interactions. */
export function interestModelOf(
  learned: InterestWeights,
  model: RatingModel,
  dataset: Dataset,
  rows: Int32Array,
): InterestModel {
  const basis = interestBasis(historiesOf(dataset, rows), model.listed, learned.exponent);
  return { ...basis, ...learned, works: worksIn(dataset.books) };
}

/** The works of a catalogue, which the measured model and the published one have in common. */
const known = new WeakMap<Dataset['books'], Works>();

function worksIn(books: Dataset['books']): Works {
  const { author, title } = books;
  // One book more, of which nothing is known, as in the rating model.
  const works = known.get(books) ?? worksOf([...author.map(authorLabel), null], [...title, '']);
  known.set(books, works);
  return works;
}

function historiesOf({ ratings, interactions, readers }: Dataset, rows: Int32Array): Histories {
  const readerOf = new Int32Array(rows.length + interactions.reader.length);
  const bookOf = new Int32Array(readerOf.length);
  readerOf.set(rows.map((row) => ratings.reader[row] ?? 0));
  bookOf.set(rows.map((row) => ratings.book[row] ?? 0));
  readerOf.set(interactions.reader, rows.length);
  bookOf.set(interactions.book, rows.length);
  const start = countingStarts(readerOf, readers.ids.length);
  return { start, book: countingOrder(readerOf, start).map((n) => bookOf[n] ?? 0) };
}

function ratingSignal(
  model: RatingModel,
  inputs: ReaderInputs,
  noiseFactor: Float64Array,
): RatingSignal {
  const fold = new FoldIn(model);
  return {
    open: (reader) => {
      fold.solveMeans(inputOf(inputs, reader), noiseFactor[reader] ?? 1);
    },
    of: (book) => fold.meanOf(book) - model.offset,
  };
}
