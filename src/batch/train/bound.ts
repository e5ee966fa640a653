import { countActive } from './model-state.ts';
import type { ModelState } from './model-state.ts';
import { noiseBound } from './noise.ts';

/** The evidence lower bound (ELBO) of the current state, in nats; valid after a reader sweep. */
export function elbo(state: ModelState): number {
  return (
    noiseBound(state) +
    (state.latent?.entropy ?? 0) -
    readersKl(state) -
    booksKl(state) -
    state.readerPrior.kl() -
    state.bookPrior.kl()
  );
}

/** KL of all q(z_u, t_u) from their priors. */
function readersKl(state: ModelState): number {
  const { effects, books, readers } = state;
  let sum = state.readerPrior.crossEntropy(readers) + 0.5 * state.readerLogDet;
  sum -= 0.5 * state.dim * countActive(readers.active);
  effects.met.forEach((met, f) => {
    const variance = books.effectVar[f];
    sum += 0.5 * (met * (Math.log(variance) - 1) + effects.squares[f] / variance);
  });
  return sum;
}

/** KL of all q(w_i) from their priors. */
function booksKl(state: ModelState): number {
  const { books } = state;
  return (
    state.bookPrior.crossEntropy(books) +
    0.5 * state.bookLogDet -
    0.5 * state.dim * countActive(books.active)
  );
}
