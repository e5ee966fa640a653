import type { LabelSpace } from '../model/label-space.ts';
import type { BookSide } from '../model/reader-step.ts';
import type { ReaderTask } from '../model/reader-task.ts';

/** A Gaussian over a few unknowns, as plain arrays. */
export interface DenseGaussian {
  readonly mean: readonly number[];
  readonly cov: ReadonlyArray<readonly number[]>;
  readonly logDetPrecision: number;
}

/** a . b */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);
}

/** Inverse and ln det of a positive definite matrix by Gauss and Jordan's elimination. */
export function inverseOf(matrix: ReadonlyArray<readonly number[]>): {
  inverse: number[][];
  logDet: number;
} {
  const size = matrix.length;
  let logDet = 0;
  let rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows[column]?.[column] ?? NaN;
    logDet += Math.log(pivot);
    const scaled = (rows[column] ?? []).map((x) => x / pivot);
    rows = rows.map((row, i) =>
      i === column ? scaled : row.map((x, j) => x - (row[column] ?? NaN) * (scaled[j] ?? NaN)),
    );
  }
  return { inverse: rows.map((row) => row.slice(size)), logDet };
}

/** The Gaussian with the given precision and precision times mean. */
export function gaussianOf(
  precision: ReadonlyArray<readonly number[]>,
  linear: readonly number[],
): DenseGaussian {
  const { inverse, logDet } = inverseOf(precision);
  return { mean: inverse.map((row) => dot(row, linear)), cov: inverse, logDetPrecision: logDet };
}

/** Mean and variance of row . unknowns. */
export function functionalOf(
  gaussian: DenseGaussian,
  row: readonly number[],
): { mean: number; variance: number } {
  const spread = gaussian.cov.map((line) => dot(line, row));
  return { mean: dot(row, gaussian.mean), variance: dot(row, spread) };
}

/** T_i of a packed book covariance, as a full matrix. */
export function bookCovariance(books: BookSide, book: number): number[][] {
  const base = (book * books.dim * (books.dim + 1)) / 2;
  const entry = (a: number, b: number) => books.cov[base + (a * (a + 1)) / 2 + b] ?? NaN;
  return Array.from({ length: books.dim }, (_, a) =>
    Array.from({ length: books.dim }, (__, b) => entry(Math.max(a, b), Math.min(a, b))),
  );
}

/** Coefficients of F_j on (z, all labels, leanings): 1, q_j, the weights of the book's labels, d_j. */
export function designRow(books: BookSide, book: number): number[] {
  const { dim, labels } = books;
  const row = new Array<number>(dim + labels.familyOf.length).fill(0);
  row[0] = 1;
  for (let a = 1; a < dim; a++) row[a] = books.mean[book * dim + a] ?? NaN;
  for (const e of linksOf(labels, book))
    row[dim + (labels.label[e] ?? NaN)] = labels.weight[e] ?? NaN;
  const { count, place } = books.directions;
  row.push(...place.subarray(book * count, (book + 1) * count));
  return row;
}

function linksOf(labels: LabelSpace, book: number): number[] {
  const from = labels.start[book] ?? 0;
  const to = labels.start[book + 1] ?? 0;
  return Array.from({ length: to - from }, (_, n) => from + n);
}

/** Prior variance of the effect of each label. */
export function effectVariances(books: BookSide): number[] {
  return Array.from(books.labels.familyOf, (f) => books.effectVar[f] ?? NaN);
}

/** The same with the leanings behind them. */
function ownVariances(books: BookSide): number[] {
  const leaning = books.effectVar[books.labels.families.length] ?? NaN;
  return [...effectVariances(books), ...new Array<number>(books.directions.count).fill(leaning)];
}

/**
 * The reader's posterior over (z_u, effects of all labels, leanings) without any elimination: E[ln p] is quadratic in the unknowns,
 * with the moments E[phi phi^T] and E[c phi] of the books.
 */
export function denseReaderPosterior(books: BookSide, task: ReaderTask): DenseGaussian {
  const { dim } = books;
  const variances = ownVariances(books);
  const size = dim + variances.length;
  const priorEntry = (a: number, b: number) => {
    if (a < dim && b < dim) return task.priorPrecision[a * dim + b] ?? NaN;
    return a === b ? 1 / (variances[a - dim] ?? NaN) : 0;
  };
  const precision = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (__, b) => priorEntry(a, b)),
  );
  const priorMean = Array.from({ length: size }, (_, a) =>
    a < dim ? (task.priorMean[task.priorAt + a] ?? NaN) : 0,
  );
  const linear = precision.map((row) => dot(row, priorMean));
  for (let slot = task.from; slot < task.to; slot++) {
    const book = task.book[slot] ?? NaN;
    const tau = task.precision * (books.precision[book] ?? NaN);
    const row = designRow(books, book);
    const cov = bookCovariance(books, book);
    const rest = (task.value[slot] ?? NaN) - task.offset - (books.mean[book * dim] ?? NaN);
    row.forEach((x, a) => {
      const factor = a > 0 && a < dim;
      linear[a] = (linear[a] ?? NaN) + tau * (rest * x - (factor ? (cov[0]?.[a] ?? NaN) : 0));
      const line = precision[a] ?? [];
      row.forEach((y, b) => {
        const spread = factor && b > 0 && b < dim ? (cov[a]?.[b] ?? NaN) : 0;
        line[b] = (line[b] ?? NaN) + tau * (x * y + spread);
      });
    });
  }
  return gaussianOf(precision, linear);
}
