const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** A signal that aborts on the first SIGTERM or SIGINT; the second one ends the process at once. */
export interface Shutdown extends Disposable {
  readonly signal: AbortSignal;
}

/** Takes over SIGTERM and SIGINT until it is disposed of. */
export function onShutdown(): Shutdown {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
