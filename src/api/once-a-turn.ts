/**
 * One read for all who ask in the same turn of the event loop, as many connections do; it starts when all of them have
 * asked, so that nobody is told what was read before.
 */
export function onceATurn<T>(read: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | null = null;
  return () =>
    (next ??= new Promise((resolve) => {
      setImmediate(() => {
        next = null;
        resolve(read());
      });
    }));
}
