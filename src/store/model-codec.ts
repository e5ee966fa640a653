import { z } from 'zod';
import { type Directions, NO_DIRECTIONS } from '../model/directions.ts';
import type { InterestModel } from '../model/interest/interest-model.ts';
import type { LabelSpace } from '../model/label-space.ts';
import { ModelRecommender } from '../model/model-recommender.ts';
import type { Recommender } from '../model/recommender.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { AppError } from '../runtime/errors.ts';
import { type Columns, packColumns, unpackColumns } from './columns.ts';
import { decodeCatalogue } from './catalogue-codec.ts';
import { levelMapColumns, levelMapFrom } from './level-map-codec.ts';

/** Name of the version's artefact that holds the trained model. */
export const MODEL_BLOB = 'model';

/** Changes when a release cannot read what others have written. */
export const MODEL_FORMAT = 2;
/** Before it was written down it was 1. */
const formatSchema = z.object({ format: z.int().default(1) });

const scalarsSchema = z.object({
  format: z.literal(MODEL_FORMAT),
  dim: z.number().int(),
  offset: z.number(),
  tau: z.number(),
  readerShape: z.number(),
  entities: z.number().int(),
  readerFamilies: z.array(z.object({ name: z.string(), labels: z.number().int() })),
});

/** Bytes of the artefact `model`. The books' posteriors are kept as 32-bit floats, which predictions cannot tell. */
export function encodeModel(model: TrainedModel): Uint8Array {
  const { readerPrior, books, levelMap } = model;
  const { labels } = books;
  return packColumns({
    scalars: {
      format: MODEL_FORMAT,
      dim: model.dim,
      offset: model.offset,
      tau: model.tau,
      readerShape: model.readerShape,
      entities: labels.entities,
      readerFamilies: readerPrior.families.map((f) => ({ name: f.name, labels: f.labels.length })),
    },
    readerLabels: readerPrior.families.flatMap((family) => family.labels),
    readerIntercept: readerPrior.intercept,
    readerEffect: readerPrior.effect,
    readerPrecision: readerPrior.precision,
    bookMean: Float32Array.from(books.mean),
    bookCov: Float32Array.from(books.cov),
    bookPrecision: Float32Array.from(books.precision),
    bookNoise: Float32Array.from(model.bookNoise),
    bookRatings: model.bookRatings,
    effectVar: books.effectVar,
    directions: books.directions.count,
    direction: books.directions.place,
    families: labels.families,
    familyStart: labels.familyStart,
    familyOf: labels.familyOf,
    labelStart: labels.start,
    label: labels.label,
    labelWeight: Float32Array.from(labels.weight),
    single: labels.single,
    listed: model.listed,
    ...levelMapColumns(levelMap),
    ...interestColumns(model.interest),
  });
}

/** Whether the artefact can be read: not that of another release, nor what has changed. */
export function isReadable(bytes: Uint8Array): boolean {
  try {
    openModel(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code !== 'STORE_CORRUPT' && error.code !== 'VERSION_FOREIGN') throw error;
    return false;
  }
}

/** Columns of the artefact; throws `VERSION_FOREIGN` for that of another release, and `STORE_CORRUPT`. */
export function openModel(bytes: Uint8Array): Columns {
  const columns = unpackColumns(bytes);
  const { format } = formatSchema.parse(columns.json('scalars'));
  if (format !== MODEL_FORMAT) throw foreign(format);
  return columns;
}

/** Reads the artefact back; throws as `openModel` does. */
export function decodeModel(bytes: Uint8Array): TrainedModel {
  const columns = openModel(bytes);
  const scalars = scalarsSchema.parse(columns.json('scalars'));
  const doubles = (name: string): Float64Array => columns.array(name, Float64Array);
  const floats = (name: string): Float64Array =>
    Float64Array.from(columns.array(name, Float32Array));
  const { dim, offset, tau, readerShape } = scalars;
  return {
    dim,
    offset,
    tau,
    readerShape,
    readerPrior: {
      families: familiesOf(columns.strings('readerLabels'), scalars.readerFamilies),
      intercept: doubles('readerIntercept'),
      effect: doubles('readerEffect'),
      precision: doubles('readerPrecision'),
    },
    books: {
      dim,
      mean: floats('bookMean'),
      cov: floats('bookCov'),
      precision: floats('bookPrecision'),
      labels: labelSpaceOf(columns, scalars.entities),
      effectVar: doubles('effectVar'),
      directions: directionsFrom(columns),
    },
    bookNoise: floats('bookNoise'),
    bookRatings: columns.array('bookRatings', Int32Array),
    levelMap: levelMapFrom(columns),
    listed: columns.array('listed', Uint8Array),
    interest: interestFrom(columns),
  };
}

/** None in a model of before there were any. */
function directionsFrom(columns: Columns): Directions {
  if (!columns.names.includes('direction')) return NO_DIRECTIONS;
  return {
    count: z.int().parse(columns.json('directions')),
    place: columns.array('direction', Float32Array),
  };
}

function interestColumns({ ties, weights, works, ...interest }: InterestModel) {
  return {
    tieExponent: interest.exponent,
    tieStart: ties.start,
    tieBook: ties.book,
    tieStrength: ties.strength,
    ...(ties.common === null ? {} : { tieCommon: ties.common }),
    popularity: interest.popularity,
    signalWeight: weights.mean,
    signalWeightCov: weights.cov,
    signalCentre: interest.centre,
    author: works.author,
    edition: works.edition,
  };
}

function interestFrom(columns: Columns): InterestModel {
  return {
    exponent: z.number().parse(columns.json('tieExponent')),
    ties: {
      start: columns.array('tieStart', Int32Array),
      book: columns.array('tieBook', Int32Array),
      strength: columns.array('tieStrength', Float32Array),
      common: columns.names.includes('tieCommon') ? columns.array('tieCommon', Uint32Array) : null,
    },
    popularity: columns.array('popularity', Int32Array),
    weights: {
      mean: columns.array('signalWeight', Float64Array),
      cov: columns.array('signalWeightCov', Float64Array),
    },
    centre: columns.array('signalCentre', Float64Array),
    works: {
      author: columns.array('author', Int32Array),
      edition: columns.array('edition', Int32Array),
    },
  };
}

function labelSpaceOf(columns: Columns, entities: number): LabelSpace {
  return {
    entities,
    families: columns.strings('families'),
    familyStart: columns.array('familyStart', Int32Array),
    familyOf: columns.array('familyOf', Uint8Array),
    start: columns.array('labelStart', Int32Array),
    label: columns.array('label', Int32Array),
    weight: Float64Array.from(columns.array('labelWeight', Float32Array)),
    single: columns.array('single', Uint8Array),
  };
}

function familiesOf(
  labels: readonly string[],
  families: ReadonlyArray<{ name: string; labels: number }>,
): Array<{ name: string; labels: readonly string[] }> {
  let start = 0;
  return families.map(({ name, labels: count }) => {
    const own = labels.slice(start, start + count);
    start += count;
    return { name, labels: own };
  });
}

function foreign(format: number): AppError {
  return new AppError(
    'VERSION_FOREIGN',
    `The model version was made by another release: its format is ${format}, and this release reads ${MODEL_FORMAT}`,
    'Train again, or choose a version of this release with `bookrec models list`; only the release that made it can serve it.',
  );
}

/** Reads what a version consists of: the API's way from blobs to answers. */
export const versionCodec = {
  catalogue: decodeCatalogue,
  model: (bytes: Uint8Array): Recommender => new ModelRecommender(decodeModel(bytes)),
};
