import { NormalCell } from '../../model/normal-cell.ts';
import type { SweepData, SweepNumbers } from './sweep-data.ts';

/** Sums that a sweep over latent ratings leaves: entropies, and what the sum of E[alpha] E[beta] E[(r - mu - f)^2] changes by. */
export const LATENT_SUMS = { entropy: 0, squares: 1 } as const;

/** One thread's workspace for latent ratings. */
export class LatentChunk {
  private readonly data: SweepData;
  private readonly cell = new NormalCell();

  constructor(data: SweepData) {
    this.data = data;
  }

  /** q(y) of the ratings of the readers `from .. to`, all else fixed: N(f, 1 / (tau alpha_u beta_i)) within the cell (docs/model.md 3.4). */
  sweep({ tau, offset }: SweepNumbers, from: number, to: number, sums: Float64Array): void {
    const { cell } = this;
    const { latent, matrix, readers, books } = this.data;
    if (latent === null) return;
    const { edges } = latent;
    for (let u = from; u < to; u++) {
      for (let slot = matrix.readerStart[u]; slot < matrix.readerStart[u + 1]; slot++) {
        const book = matrix.book[slot];
        const weight = readers.precision[u] * books.precision[book];
        const fit = offset + this.fitOf(u, book, slot);
        cell.takeIn(edges, latent.cell[slot], fit, 1 / Math.sqrt(tau * weight));
        const before = (matrix.value[slot] - fit) ** 2 + latent.variance[slot];
        const after = (cell.mean - fit) ** 2 + cell.variance;
        matrix.value[slot] = cell.mean;
        latent.variance[slot] = cell.variance;
        sums[LATENT_SUMS.entropy] += cell.entropy;
        sums[LATENT_SUMS.squares] += weight * (after - before);
      }
    }
  }

  /** E[f_ui] of a rating. */
  private fitOf(u: number, book: number, slot: number): number {
    const { dim, readers, books } = this.data;
    let sum = books.mean[book * dim];
    sum += readers.shift === null ? readers.mean[u * dim] : readers.shift.mean[slot];
    for (let a = 1; a < dim; a++) sum += readers.mean[u * dim + a] * books.mean[book * dim + a];
    return sum;
  }
}
