import { FoldIn } from '../model/fold-in.ts';
import type { InterestBasis, InterestModel } from '../model/interest/interest-model.ts';
import {
  type Candidates,
  drawCandidates,
  type DrawTask,
  interestBasis,
  type InterestWeights,
  learnWeights,
  type RatingSignal,
} from '../model/interest/learn-interest.ts';
import type { Histories } from '../model/interest/ties.ts';
import { type Works, worksOf } from '../model/interest/works.ts';
import { countingOrder, countingStarts } from '../model/rating-matrix.ts';
import type { RatingModel } from '../model/trained-model.ts';
import type { Dataset } from './ingest/dataset.ts';
import { authorLabel } from './ingest/name-labels.ts';
import { inThreadUnless, type Where } from './in-thread.ts';
import { inputOf, type ReaderInputs } from './recommend/reader-inputs.ts';
import { effectLabels } from './train/features.ts';
import { withUnlabelled, withUnlisted } from './train/trained-model-of.ts';

/** The rows that the signals see, and those that say what was picked up. */
export interface InterestRows {
  readonly rest: Int32Array;
  readonly hidden: Int32Array;
}

/** What the weights are learned from, as numbers that another thread can be given; `model` must not have seen what was picked up. */
export interface WeightTask {
  readonly candidates: Candidates;
  readonly model: RatingModel;
  readonly inputs: ReaderInputs;
  /** E[alpha_u] of each reader under the model. */
  readonly noiseFactor: Float64Array;
}

/** What a basis is made from, likewise. */
export interface BasisTask {
  readonly histories: Histories;
  readonly listed: Uint8Array;
  readonly exponent: number;
}

/** Draws what the weights are learned from, which needs no model. */
export async function drawInterest(
  dataset: Dataset,
  { rest, hidden }: InterestRows,
  seed: number,
  where: Where,
): Promise<Candidates> {
  const { ratings, books } = dataset;
  const readerOf = hidden.map((row) => ratings.reader[row] ?? 0);
  const start = countingStarts(readerOf, dataset.readers.ids.length);
  const picked = countingOrder(readerOf, start).map((n) => ratings.book[hidden[n] ?? 0] ?? 0);
  const histories = historiesOf(dataset, rest);
  const has = (starts: Int32Array, u: number): boolean => (starts[u + 1] ?? 0) > (starts[u] ?? 0);
  const readers = Int32Array.from(dataset.readers.ids.keys()).filter(
    (u) => has(start, u) && has(histories.start, u),
  );
  const task: DrawTask = {
    histories,
    pickedUp: {
      readers,
      books: Array.from(readers, (u) => picked.subarray(start[u], start[u + 1])),
    },
    labels: withUnlabelled(effectLabels(books)),
    listed: withUnlisted(books.listed),
    seed,
  };
  return inThreadUnless(
    new URL('./interest-draw.ts', import.meta.url),
    drawCandidates,
    task,
    where,
  );
}

/** Learns what the signals count; throws as `learnWeights` does. */
export async function learnInterest(task: WeightTask, where: Where): Promise<InterestWeights> {
  return inThreadUnless(new URL('./interest-learn.ts', import.meta.url), weightsFrom, task, where);
}

/** What the given rows say of readers' interests, beside all interactions. */
export async function basisOf(
  dataset: Dataset,
  rows: Int32Array,
  exponent: number,
  where: Where,
): Promise<InterestBasis> {
  const listed = withUnlisted(dataset.books.listed);
  const task: BasisTask = { histories: historiesOf(dataset, rows), listed, exponent };
  return inThreadUnless(new URL('./interest-basis.ts', import.meta.url), basisFrom, task, where);
}

export function weightsFrom({
  candidates,
  model,
  inputs,
  noiseFactor,
}: WeightTask): InterestWeights {
  return learnWeights(candidates, ratingSignal(model, inputs, noiseFactor));
}

export function basisFrom({ histories, listed, exponent }: BasisTask): InterestBasis {
  return interestBasis(histories, listed, exponent);
}

/** The interest model of what was learned and what rows say. */
export function interestModelOf(
  learned: InterestWeights,
  basis: InterestBasis,
  books: Dataset['books'],
): InterestModel {
  return { ...basis, ...learned, works: worksIn(books) };
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
