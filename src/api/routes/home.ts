import { readFileSync } from 'node:fs';
import { z } from 'zod';
import project from '../../../package.json' with { type: 'json' };
import { type WelcomeAnswer, welcomeAnswerSchema } from '../../contracts/http.ts';
import type { Answer } from '../answer.ts';
import { type Route, route } from '../route.ts';

const NOTHING = z.strictObject({});

/** Only files of this server, and calls to this server; no inline script or style. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

function pageFile(name: string): Buffer {
  return readFileSync(new URL(`../page/${name}`, import.meta.url));
}

const WELCOME: WelcomeAnswer = {
  message: 'bookrec: book recommendations that say how sure they are',
  version: project.version,
  links: {
    recommend: '/recommend/8?top_k=10',
    users: '/users',
    stats: '/stats',
    model: '/model/info',
    health: '/health',
    metrics: '/metrics',
    openapi: '/openapi.json',
  },
};

/** Static text of the process; caches may keep it briefly. */
function fixed(type: string, body: Buffer | string, more: Record<string, string> = {}): Answer {
  const headers = { 'Content-Type': type, 'Cache-Control': 'public, max-age=300', ...more };
  return { status: 200, headers, body };
}

const HTML = fixed('text/html; charset=utf-8', pageFile('index.html'), {
  'Content-Security-Policy': PAGE_POLICY,
  Vary: 'Accept',
});
const JSON_WELCOME = fixed('application/json; charset=utf-8', JSON.stringify(WELCOME), {
  Vary: 'Accept',
});

export const home = route({
  method: 'GET',
  path: '/',
  scope: 'open',
  summary: 'Welcome and links; a page for browsers',
  params: NOTHING,
  // who shares a link to the page may hang parameters on it
  query: z.object({}),
  body: null,
  answers: {
    200: [
      { description: 'For programs', type: 'application/json', schema: welcomeAnswerSchema },
      { description: 'For browsers, that is, where Accept names text/html', type: 'text/html' },
    ],
  },
  problems: [],
  handle: ({ headers }) => (headers.accept?.includes('text/html') ? HTML : JSON_WELCOME),
});

function pageRoute(path: string, file: string, type: string, summary: string): Route {
  const answer = fixed(`${type}; charset=utf-8`, pageFile(file));
  return route({
    method: 'GET',
    path,
    scope: 'open',
    summary,
    params: NOTHING,
    query: NOTHING,
    body: null,
    answers: { 200: [{ description: summary, type }] },
    problems: [],
    handle: () => answer,
  });
}

export const pageScript = pageRoute('/app.js', 'app.js', 'text/javascript', 'Script of the page');
export const pageStyle = pageRoute('/app.css', 'app.css', 'text/css', 'Style of the page');
