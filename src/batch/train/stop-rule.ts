import type { SweepReport } from './trainer.ts';

/** Sweeps before which the early plateau cannot be told from the end (docs/model.md 3.1 d). */
const MIN_SWEEPS = 15;
/** Sweeps in a row that must be flat. */
const PATIENCE = 3;
/** A sweep is flat when the bound gains less than this many nats a rating ... */
const FLAT_ELBO = 2e-4;
/** ... and the held-out RMSE moves by less than this share. */
const FLAT_RMSE = 2e-4;

/** Says when training may stop: never on the early plateau. */
export class StopRule {
  private readonly ratings: number;
  private previous: SweepReport | null = null;
  private flat = 0;

  constructor(ratings: number) {
    this.ratings = ratings;
  }

  done(report: SweepReport): boolean {
    const { previous } = this;
    this.previous = report;
    if (previous === null) return false;
    const gain = (report.elbo - previous.elbo) / this.ratings;
    const move =
      report.heldOutRmse === null || previous.heldOutRmse === null
        ? 0
        : Math.abs(report.heldOutRmse / previous.heldOutRmse - 1);
    this.flat = gain < FLAT_ELBO && move < FLAT_RMSE ? this.flat + 1 : 0;
    return report.sweep >= MIN_SWEEPS && this.flat >= PATIENCE;
  }
}
