import { grown } from './growable.ts';
import { cellOf, type LevelMap, scoreOf } from './level-map.ts';
import { NormalCell } from './normal-cell.ts';
import type { ReaderPosterior } from './reader-posterior.ts';
import type { RatingModel } from './trained-model.ts';

/**
 * Ratings of the reader who is folded in, as the model sees them: scores, which are exact, or where it has edges the means of latent ratings somewhere in
 * their levels' cells (docs/model.md 3.4). A workspace.
 */
export class FoldedRatings {
  value = new Float64Array(64);
  private readonly model: RatingModel;
  private readonly levelMap: LevelMap;
  /** Of latent ratings: number of the cell, and variance. */
  private cell = new Int32Array(64);
  private variance = new Float64Array(64);
  private readonly normal = new NormalCell();

  constructor(model: RatingModel) {
    this.model = model;
    this.levelMap = model.levelMap;
  }

  get areLatent(): boolean {
    return this.levelMap.edges !== null;
  }

  /** Takes ratings in: latent ones begin at their scores. */
  take(ratings: ArrayLike<number>, count: number): void {
    const { levelMap } = this;
    this.value = grown(this.value, count);
    for (let k = 0; k < count; k++) this.value[k] = scoreOf(levelMap, ratings[k]);
    if (levelMap.edges === null) return;
    this.cell = grown(this.cell, count);
    this.variance = grown(this.variance, count);
    for (let k = 0; k < count; k++) {
      this.cell[k] = cellOf(levelMap.edges, this.value[k]);
      this.variance[k] = 0;
    }
  }

  /** Sum over the ratings of E[beta_i] Var[y]. */
  squares({ book, count }: Pick<ReaderPosterior, 'book' | 'count'>): number {
    let sum = 0;
    if (!this.areLatent) return sum;
    for (let k = 0; k < count; k++) {
      sum += this.model.books.precision[book[k]] * this.variance[k];
    }
    return sum;
  }

  /**
   * q(y) of latent ratings at the reader's posterior and noise factor, as training has it. Returns the longest way that one moved, in standard deviations
   * of its noise.
   */
  move({ book, count, fitMean }: ReaderPosterior, factor: number): number {
    const { normal, levelMap } = this;
    const { books, dim, offset, tau } = this.model;
    const { edges } = levelMap;
    if (edges === null) return 0;
    let longest = 0;
    for (let k = 0; k < count; k++) {
      const sd = 1 / Math.sqrt(tau * factor * books.precision[book[k]]);
      normal.takeIn(edges, this.cell[k], offset + books.mean[book[k] * dim] + fitMean[k], sd);
      longest = Math.max(longest, Math.abs(normal.mean - this.value[k]) / sd);
      this.value[k] = normal.mean;
      this.variance[k] = normal.variance;
    }
    return longest;
  }
}
