import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../runtime/errors.ts';
import { exchange, sendError, timedFrom } from './exchange.ts';
import { limitLoad } from './load-limit.ts';
import { toAppError } from './problem.ts';
import type { ApiDeps, Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { recommend } from './routes/recommend.ts';

const BODY_LIMIT = '256kb';
/** Metrics label of requests that met no route. */
const NO_ROUTE = 'none';
/** Far above what one process answers in the time that a client waits, far below what fills its memory. */
const MAX_IN_FLIGHT = 1000;

/** The Express application with every route; never listens. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  for (const route of ROUTES) mount(app, route, deps);
  for (const path of new Set(ROUTES.map((route) => route.path)))
    refuseOtherMethods(app, path, deps);
  app.use((request: Request, response: Response) => {
    const message = `There is nothing at ${request.path}.`;
    const error = new AppError('NOT_FOUND', message, 'GET / lists what there is.');
    sendError(response, error, timedFrom(request, NO_ROUTE), deps);
  });
  // Express knows an error handler by its four parameters.
  app.use((thrown: unknown, request: Request, response: Response, _next: unknown) => {
    sendError(response, thrown, timedFrom(request, NO_ROUTE), deps);
  });
  return app;
}

/**
 * Listener for an HTTP server: the one route that carries nearly all requests goes to `exchange`
 * at once, the rest through Express, which is several times slower and answers the same. With
 * `maxInFlight` requests at work the next are told to come back.
 */
export function createListener(deps: ApiDeps, maxInFlight = MAX_IN_FLIGHT): RequestListener {
  const app: RequestListener = createApp(deps);
  const listener: RequestListener = (request, response) => {
    const userId = request.method === 'GET' ? hotUserId(request.url ?? '/') : null;
    if (userId === null) app(request, response);
    else
      exchange(recommend, request, response, { params: { user_id: userId }, body: noBody }, deps);
  };
  return limitLoad(maxInFlight, listener, (request, response) => {
    shed(request, response, deps);
  });
}

function shed(request: IncomingMessage, response: ServerResponse, deps: ApiDeps): void {
  deps.metrics.shed();
  const error = new AppError(
    'OVERLOADED',
    'Too many requests are at work.',
    'Send it again later, or to another replica.',
  );
  sendError(response, error, timedFrom(request, NO_ROUTE), deps);
}

const HOT_PATH = /^\/recommend\/([^/?#]+)(?:\?|$)/;

/** Reader id of `GET /recommend/{user_id}`; null for other URLs and for those that Express should refuse. */
function hotUserId(url: string): string | null {
  const encoded = HOT_PATH.exec(url)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

/** How Express calls them. */
const METHODS = { GET: 'get', POST: 'post', DELETE: 'delete' } as const;

function mount(app: Express, route: Route, deps: ApiDeps): void {
  const method = METHODS[route.method];
  app[method](expressPath(route.path), (request: Request, response: Response) => {
    const body = (): Promise<unknown> => jsonBody(request, response);
    exchange(route, request, response, { params: request.params, body }, deps);
  });
}

const noBody = (): Promise<null> => Promise.resolve(null);

const parseJson: RequestHandler = express.json({ limit: BODY_LIMIT });

/** The body as JSON; throws `MEDIA_TYPE`, and what the parser throws. */
async function jsonBody(request: Request, response: Response): Promise<unknown> {
  if (request.is('json') === false) {
    throw new AppError(
      'MEDIA_TYPE',
      'The body is not declared as JSON.',
      'Send it with the header Content-Type: application/json.',
    );
  }
  const parsed = Promise.withResolvers<unknown>();
  parseJson(request, response, parsed.resolve);
  const failure = await parsed.promise;
  if (failure !== undefined) throw toAppError(failure);
  return request.body;
}

function refuseOtherMethods(app: Express, path: string, deps: ApiDeps): void {
  const methods = ROUTES.filter((route) => route.path === path).flatMap(({ method }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  const allow = methods.join(', ');
  app.all(expressPath(path), (request: Request, response: Response) => {
    const message = `${request.method} is not possible at ${request.path}.`;
    const error = new AppError('METHOD_NOT_ALLOWED', message, `Use ${allow}.`);
    sendError(response, error, timedFrom(request, path), deps, { Allow: allow });
  });
}

/** `/recommend/:user_id` for `/recommend/{user_id}`. */
function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
