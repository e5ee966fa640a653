import type { Store } from '../store/store.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Trace } from './trace.ts';

type Call = (...args: unknown[]) => unknown;

/** The same store; its calls are timed and, where there is a trace, are spans of it. */
export function observedStore(store: Store, metrics: ApiMetrics, trace: Trace | null): Store {
  const calls = new Map<string | symbol, Call>();
  return new Proxy(store, {
    get(target, name) {
      const known = calls.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = observed(String(name), (value as Call).bind(target), metrics, trace);
      calls.set(name, call);
      return call;
    },
  });
}

function observed(name: string, call: Call, metrics: ApiMetrics, trace: Trace | null): Call {
  const observe = metrics.storeCall(name);
  return (...args) => {
    const started = performance.now();
    const result = call(...args);
    if (!(result instanceof Promise)) return result;
    const done = (): void => {
      observe((performance.now() - started) / 1000);
    };
    result.then(done, done);
    return trace === null ? result : trace.call(`store ${name}`, result);
  };
}
