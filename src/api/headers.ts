import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** Headers of every answer: what helmet sets, taken once, since most answers go past Express. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = headersOf(
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // Other hosts of the domain are not this program's to decide on.
    strictTransportSecurity: { includeSubDomains: false },
  }),
);

function headersOf(middleware: ReturnType<typeof helmet>): Record<string, string> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  middleware(request, response, (error?: unknown) => {
    if (error instanceof Error) throw error;
  });
  const named = response.getHeaderNames().map((name) => [capitals(name), response.getHeader(name)]);
  return Object.fromEntries(named.map(([name, value]) => [String(name), String(value)]));
}

/** `Content-Type` for `content-type`, so that an answer can put its own value in place. */
function capitals(name: string): string {
  return name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
