import { packedSize } from './cholesky.ts';
import type { ReaderPosterior } from './reader-posterior.ts';
import type { BookSide } from './reader-step.ts';

/** Ratings of books with the precision tau_k of each. */
interface RatedBooks {
  readonly book: Int32Array;
  readonly precision: Float64Array;
  readonly count: number;
}

/** What the books' own uncertainty adds to a reader's system: sum of tau_k T_k over the ratings, on (1, p_u). One object is a workspace. */
export class UncertaintySum {
  private readonly books: BookSide;
  private readonly packed: Float64Array;

  constructor(books: BookSide) {
    this.books = books;
    this.packed = new Float64Array(packedSize(books.dim));
  }

  /** Adds to the lower triangle of `matrix`, with rows of `stride`, and to the right-hand side `linear` what falls on the factors. */
  addTo(matrix: Float64Array, stride: number, linear: Float64Array, rated: RatedBooks): void {
    const { dim } = this.books;
    if (dim === 1) return;
    this.sum(rated);
    const { packed } = this;
    for (let a = 1, t = 1; a < dim; a++) {
      linear[a] -= packed[t++];
      for (let b = 1; b <= a; b++) matrix[a * stride + b] += packed[t++];
    }
  }

  /** Two ratings at a time: a sum that is stored costs more than what is added to it. */
  private sum({ book, precision, count }: RatedBooks): void {
    const { packed } = this;
    const { cov } = this.books;
    packed.fill(0);
    for (let k = 0; k < count; k += 2) {
      const other = Math.min(k + 1, count - 1);
      const [one, two] = [precision[k], other > k ? precision[other] : 0];
      let a = book[k] * packed.length;
      let b = book[other] * packed.length;
      for (let t = 0; t < packed.length; t++) packed[t] += one * cov[a++] + two * cov[b++];
    }
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
