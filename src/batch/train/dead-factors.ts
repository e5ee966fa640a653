import type { ModelState } from './model-state.ts';

/** Signal of a dead factor, at most, as a part of the noise variance. */
const DEAD_SHARE = 1e-6;
/** Sweeps in a row in which it must have fallen: on a saddle a small signal grows. */
const FALLS = 2;

/** Mean of p_uk^2 times mean of q_ik^2 over rated entities: the variance that factor k explains. */
export function factorSignal(state: ModelState, k: number): number {
  return meanSquare(state.readers, state.dim, k) * meanSquare(state.books, state.dim, k);
}

function meanSquare(
  side: { mean: Float64Array; active: Uint8Array },
  dim: number,
  k: number,
): number {
  let sum = 0;
  let count = 0;
  for (let n = 0; n < side.active.length; n++) {
    if (side.active[n] === 0) continue;
    count++;
    sum += side.mean[n * dim + k] ** 2;
  }
  return count === 0 ? 0 : sum / count;
}

/** Watches the factors of one state from sweep to sweep and tells which ones the priors have shut down. */
export class FactorWatch {
  private signal: number[] = [];
  private falls: number[] = [];

  /** Factors (1 .. K) to keep after this sweep. */
  living(state: ModelState): number[] {
    const noise = state.tau.rate / state.tau.shape;
    const factors = Array.from({ length: state.dim - 1 }, (_, k) => k + 1);
    const signal = factors.map((k) => factorSignal(state, k));
    this.falls = signal.map((now, n) =>
      now < (this.signal[n] ?? 0) ? (this.falls[n] ?? 0) + 1 : 0,
    );
    this.signal = signal;
    return factors.filter((_, n) => signal[n] >= DEAD_SHARE * noise || this.falls[n] < FALLS);
  }

  /** All that it remembers, for `recall`. */
  memory(): { signal: Float64Array; falls: Float64Array } {
    return { signal: Float64Array.from(this.signal), falls: Float64Array.from(this.falls) };
  }

  recall(signal: Float64Array, falls: Float64Array): void {
    this.signal = [...signal];
    this.falls = [...falls];
  }
}
