import { AppError } from '../runtime/errors.ts';
import type { Store } from '../store/store.ts';

/** A store that can be cut off and brought back, as a network does. */
export interface SwitchedStore {
  readonly store: Store;
  /** Calls that reached the store, by method name, since the start. */
  readonly calls: string[];
  away: boolean;
  /** The pointer is gone, as after a restart of a store that keeps nothing. */
  emptied: boolean;
  /** Runs before every read of a reader's record. */
  gate: (() => Promise<void>) | null;
}

/** Puts a switch before a real store. */
export function switchedStore(real: Store): SwitchedStore {
  const calls: string[] = [];
  const state: SwitchedStore = { store: real, calls, away: false, emptied: false, gate: null };
  const store = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]): Promise<unknown> => {
        calls.push(String(name));
        if (name === 'reader' && state.gate !== null) await state.gate();
        if (state.away) {
          throw new AppError('STORE_UNAVAILABLE', 'The store does not answer', 'Wait for it.');
        }
        if (name === 'liveVersion' && state.emptied) return null;
        return await (Reflect.apply(value, target, args) as Promise<unknown>);
      };
    },
  });
  return Object.assign(state, { store });
}
