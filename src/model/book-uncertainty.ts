import { packedSize } from './cholesky.ts';
import type { ReaderPosterior } from './reader-posterior.ts';
import type { BookSide } from './reader-step.ts';

/** Writes sum_k precision_k T_k over the rated books to `out`, packed, two of them at a time: a sum that is stored costs more than what is added to it. */
export function sumOfCovariances(
  { cov }: BookSide,
  book: Int32Array,
  precision: Float64Array,
  count: number,
  out: Float64Array,
): void {
  const packed = out.length;
  out.fill(0);
  for (let k = 0; k < count; k += 2) {
    const other = Math.min(k + 1, count - 1);
    const [one, two] = [precision[k], other > k ? precision[other] : 0];
    let a = book[k] * packed;
    let b = book[other] * packed;
    for (let t = 0; t < packed; t++) out[t] += one * cov[a++] + two * cov[b++];
  }
}

/** E[psi psi^T] of a reader's psi = (1, p_u): what the books' own uncertainty is weighed with. One object is a workspace. */
export class PsiMoments {
  private readonly books: BookSide;
  /** The lower triangle, packed, and what is off its diagonal twice, for it stands for both triangles. */
  private readonly packed: Float64Array;

  constructor(books: BookSide) {
    this.books = books;
    this.packed = new Float64Array(packedSize(books.dim));
    this.packed[0] = 1;
  }

  /** Takes the moments of the last `solve`. */
  take({ mean, cov, size }: ReaderPosterior): this {
    const { packed } = this;
    const { dim } = this.books;
    for (let a = 1, t = 1; a < dim; a++) {
      packed[t++] = 2 * mean[a];
      for (let b = 1; b < a; b++) packed[t++] = 2 * (mean[a] * mean[b] + cov[a * size + b]);
      packed[t++] = mean[a] * mean[a] + cov[a * size + a];
    }
    return this;
  }

  /** Variance that the book's own posterior adds: E[psi^T T_i psi]. */
  bookVariance(book: number): number {
    const { packed } = this;
    const { cov } = this.books;
    let sum = 0;
    for (let t = 0, at = book * packed.length; t < packed.length; t++) sum += packed[t] * cov[at++];
    return sum;
  }
}
