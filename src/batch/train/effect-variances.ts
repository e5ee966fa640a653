import { elbo } from './bound.ts';
import type { ModelState } from './model-state.ts';
import { sweepReaders } from './reader-sweep.ts';
import type { ReaderVisitor } from './reader-sweep.ts';

/** Largest step of a variance in one sweep, as a factor. */
const MAX_STEP = 4;
/** Smallest variance, as a share of the noise variance: an effect below it is switched off in all but name. */
const MIN_SHARE = 1e-6;

/**
 * Updates sigma_F^2 and all readers together. The step of sigma_F^2 is MacKay's fixed point, which reaches in a few
 * sweeps what the EM step takes tens for (docs/model.md 3.12); where it would lower the bound, the EM step replaces it.
 */
export function sweepReadersAndEffects(state: ModelState, visit?: ReaderVisitor): void {
  if (state.effects.met.every((met) => met === 0)) {
    sweepReaders(state, visit);
    return;
  }
  const before = elbo(state);
  const { books, readers, effects } = state;
  const precision = readers.precision.slice();
  const shapeUsed = state.readerShape.used;
  const em = effects.met.map((met, f) => effects.squares[f] / met || books.effectVar[f]);
  const fixedPoint = em.map((variance, f) => macKayStep(state, f) ?? variance);
  books.effectVar.set(fixedPoint);
  sweepReaders(state, visit);
  if (elbo(state) >= before) return;
  books.effectVar.set(em);
  readers.precision.set(precision);
  state.readerShape.used = shapeUsed;
  sweepReaders(state, visit);
}

/** sum m^2 / sum (1 - s^2 / sigma^2) over the labels of family f that readers have met; bounded. */
function macKayStep(state: ModelState, f: number): number | null {
  const { effects, books, tau } = state;
  const old = books.effectVar[f];
  const determined = effects.met[f] - effects.variances[f] / old;
  if (!(determined > 0)) return null;
  const next = (effects.squares[f] - effects.variances[f]) / determined;
  const floor = (MIN_SHARE * tau.rate) / tau.shape;
  return Math.max(floor, Math.min(old * MAX_STEP, Math.max(old / MAX_STEP, next)));
}
