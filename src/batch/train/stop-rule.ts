import type { SweepReport } from './trainer.ts';

/** Sweeps in a row that must be flat. */
const PATIENCE = 3;
/** A sweep is flat when the best held-out RMSE so far falls by less than this share ... */
const FLAT_RMSE = 2e-4;
/** ... or, without held-out rows, when the bound gains less than this many nats a rating. */
const FLAT_ELBO = 2e-4;

/** Says when training may stop: never on the early plateau, and not for a bound that held-out rows do not profit from. */
export class StopRule {
  private readonly ratings: number;
  private readonly minSweeps: number;
  private elbo = -Infinity;
  private bestRmse = Infinity;
  private flat = 0;

  constructor(ratings: number, minSweeps: number) {
    this.ratings = ratings;
    this.minSweeps = minSweeps;
  }

  done({ sweep, elbo, heldOutRmse }: SweepReport): boolean {
    const flat =
      heldOutRmse === null
        ? (elbo - this.elbo) / this.ratings < FLAT_ELBO
        : heldOutRmse > this.bestRmse * (1 - FLAT_RMSE);
    this.flat = flat ? this.flat + 1 : 0;
    this.elbo = elbo;
    this.bestRmse = Math.min(this.bestRmse, heldOutRmse ?? Infinity);
    return sweep >= this.minSweeps && this.flat >= PATIENCE;
  }

  /** All that it remembers, for `recall`. */
  memory(): Float64Array {
    return Float64Array.of(this.elbo, this.bestRmse, this.flat);
  }

  recall(memory: Float64Array): void {
    [this.elbo, this.bestRmse, this.flat] = memory;
  }
}
