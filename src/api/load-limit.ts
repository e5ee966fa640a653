import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** What the platform asks; refused under load, it would have replicas killed that only have much to do. */
const PROBES = /^\/(?:livez|readyz|metrics)(?:\?|$)/;

/**
 * Lets `most` requests at a time through to `listener`, from their headers to the last byte of their answer; the rest
 * go to `shed`. Probes always pass.
 */
export function limitLoad(
  most: number,
  listener: RequestListener,
  shed: (request: IncomingMessage, response: ServerResponse) => void,
): RequestListener {
  let inFlight = 0;
  const left = (): void => {
    inFlight--;
  };
  return (request, response) => {
    if (inFlight >= most && !PROBES.test(request.url ?? '/')) {
      shed(request, response);
      return;
    }
    inFlight++;
    response.once('close', left);
    listener(request, response);
  };
}
