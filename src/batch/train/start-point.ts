import { z } from 'zod';
import type { FeatureFamily } from '../../model/data.ts';
import { gammaMean } from '../../model/gamma.ts';
import type { BookSide } from '../../model/reader-step.ts';
import type { SidePrior } from '../../model/side-prior.ts';
import { type Columns, packColumns, unpackColumns } from '../../store/columns.ts';
import type { ModelState } from './model-state.ts';

/** Name of the version's artefact that later trainings can start from. */
export const START_BLOB = 'start';

const familiesSchema = z.array(z.object({ name: z.string(), labels: z.int().min(0) }));
const scalarsSchema = z.object({
  format: z.literal(2),
  /** What must be the same for a training that starts here. */
  rank: z.int(),
  split: z.string(),
  seed: z.int(),
  heldOut: z.number(),
  fitTo: z.enum(['scores', 'ordinal', 'ratings']),
  links: z.enum(['none', 'readers', 'books', 'both']).default('none'),
  /** D = K + 1, of the factors that are left. */
  dim: z.int().min(1),
  /** E[tau] */
  tau: z.number(),
  /** mu */
  offset: z.number(),
  readerShape: z.number(),
  bookShape: z.number(),
  effectFamilies: z.array(z.string()),
});

/** Settings that say which rows a training has not seen, and how large its state is. */
export type StartSettings = Pick<
  z.infer<typeof scalarsSchema>,
  'rank' | 'split' | 'seed' | 'heldOut' | 'fitTo' | 'links'
>;

/** What is known of the prior of one side, with the names of its labels. */
export interface PriorPoint {
  readonly families: z.infer<typeof familiesSchema>;
  /** Texts of the labels, through all families. */
  readonly labels: readonly string[];
  /** Effects, labels x D. */
  readonly effect: Float32Array;
  /** a_0, D. */
  readonly intercept: Float64Array;
  /** E[gamma], families x D. */
  readonly ridge: Float64Array;
  /** Of the Wishart: degrees of freedom and inverse scale, D x D. */
  readonly dof: number;
  readonly inverseScale: Float64Array;
}

/**
 * What a training has learned from the rows that neither chose nor measured it, by the names of books and labels. Readers
 * are not in it, since they follow from the books; covariances of the books follow from their numbers of ratings.
 */
export interface StartPoint extends z.infer<typeof scalarsSchema> {
  readonly levels: Float64Array;
  /** sigma_F^2, in the order of `effectFamilies`. */
  readonly effectVar: Float64Array;
  /** Books with ratings: ids, means (books x D), E[beta_i]. */
  readonly bookIds: readonly string[];
  readonly bookMean: Float32Array;
  readonly bookPrecision: Float32Array;
  readonly readerPrior: PriorPoint;
  readonly bookPrior: PriorPoint;
}

/** Stands for sigma_L^2 among the names of the families; no column of a book can be called so. */
const LEANINGS = '(leanings)';

/** Names that belong to the indices of a state. */
export interface StartNames {
  readonly levels: Float64Array;
  readonly bookIds: readonly string[];
  readonly readerFamilies: readonly FeatureFamily[];
  readonly bookFamilies: readonly FeatureFamily[];
}

/** Names that belong to sigma_F^2 and sigma_L^2. */
export function effectFamilies({ labels, directions }: Pick<BookSide, 'labels' | 'directions'>) {
  return directions.count === 0 ? [...labels.families] : [...labels.families, LEANINGS];
}

/** The point that a later training can start from; a copy, which later sweeps do not change. */
export function startPointOf(
  state: ModelState,
  settings: StartSettings,
  names: StartNames,
): StartPoint {
  const { dim, books } = state;
  const active = Array.from(books.active.keys()).filter((i) => books.active[i] === 1);
  const bookMean = new Float32Array(active.length * dim);
  active.forEach((i, n) => {
    bookMean.set(books.mean.subarray(i * dim, (i + 1) * dim), n * dim);
  });
  return {
    format: 2,
    rank: settings.rank,
    split: settings.split,
    seed: settings.seed,
    heldOut: settings.heldOut,
    fitTo: settings.fitTo,
    links: settings.links,
    dim,
    tau: gammaMean(state.tau),
    offset: state.offset,
    readerShape: state.readerShape.prior,
    bookShape: state.bookShape.prior,
    effectFamilies: effectFamilies(books),
    levels: names.levels,
    effectVar: books.effectVar.slice(),
    bookIds: active.map((i) => names.bookIds[i] ?? ''),
    bookMean,
    bookPrecision: Float32Array.from(active, (i) => books.precision[i] ?? 1),
    readerPrior: priorPoint(state.readerPrior, names.readerFamilies),
    bookPrior: priorPoint(state.bookPrior, names.bookFamilies),
  };
}

function priorPoint(prior: SidePrior, families: readonly FeatureFamily[]): PriorPoint {
  return {
    families: families.map(({ name, labels }) => ({ name, labels: labels.length })),
    labels: families.flatMap(({ labels }) => labels),
    effect: Float32Array.from(prior.effect),
    intercept: prior.intercept.slice(),
    ridge: Float64Array.from(prior.ridge, gammaMean),
    dof: prior.precision.dof,
    inverseScale: prior.precision.inverseScale.slice(),
  };
}

/** Bytes of the artefact `start`. */
export function packStart(point: StartPoint): Uint8Array {
  const {
    levels,
    effectVar,
    bookIds,
    bookMean,
    bookPrecision,
    readerPrior,
    bookPrior,
    ...scalars
  } = point;
  return packColumns({
    scalars,
    levels,
    effectVar,
    bookIds,
    bookMean,
    bookPrecision,
    ...priorColumns('reader', readerPrior),
    ...priorColumns('book', bookPrior),
  });
}

/** Reads the artefact back; null if another release wrote it in a format of its own. Throws `STORE_CORRUPT`. */
export function unpackStart(bytes: Uint8Array): StartPoint | null {
  const columns = unpackColumns(bytes);
  const scalars = scalarsSchema.safeParse(columns.json('scalars'));
  if (!scalars.success) return null;
  return {
    ...scalars.data,
    levels: columns.array('levels', Float64Array),
    effectVar: columns.array('effectVar', Float64Array),
    bookIds: columns.strings('bookIds'),
    bookMean: columns.array('bookMean', Float32Array),
    bookPrecision: columns.array('bookPrecision', Float32Array),
    readerPrior: priorFrom('reader', columns),
    bookPrior: priorFrom('book', columns),
  };
}

function priorColumns(side: string, prior: PriorPoint) {
  return {
    [`${side}Families`]: prior.families,
    [`${side}Labels`]: prior.labels,
    [`${side}Effect`]: prior.effect,
    [`${side}Intercept`]: prior.intercept,
    [`${side}Ridge`]: prior.ridge,
    [`${side}Dof`]: prior.dof,
    [`${side}InverseScale`]: prior.inverseScale,
  };
}

function priorFrom(side: string, columns: Columns): PriorPoint {
  return {
    families: familiesSchema.parse(columns.json(`${side}Families`)),
    labels: columns.strings(`${side}Labels`),
    effect: columns.array(`${side}Effect`, Float32Array),
    intercept: columns.array(`${side}Intercept`, Float64Array),
    ridge: columns.array(`${side}Ridge`, Float64Array),
    dof: z.number().parse(columns.json(`${side}Dof`)),
    inverseScale: columns.array(`${side}InverseScale`, Float64Array),
  };
}
