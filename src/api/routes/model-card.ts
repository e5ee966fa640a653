import { marked } from 'marked';
import { z } from 'zod';
import { CARD_BLOB, type ModelCard, modelCardSchema } from '../../contracts/model-card.ts';
import { AppError } from '../../runtime/errors.ts';
import { type Answer, CACHEABLE, etagMatches, etagOf, notModified } from '../answer.ts';
import { trained } from '../live-model.ts';
import { type Route, route } from '../route.ts';

const NOTHING = z.strictObject({});

/** Nothing but the page's own style sheet and the charts in it. */
const CARD_POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const TYPES = {
  json: 'application/json; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
} as const;
type Form = keyof typeof TYPES;

/** The card for browsers where Accept names text/html, else for programs. */
export const modelCard = cardRoute('/model/card', (accept) =>
  accept?.includes('text/html') === true ? 'html' : 'json',
);
export const modelCardJson = cardRoute('/model/card.json', () => 'json');
export const modelCardMarkdown = cardRoute('/model/card.md', () => 'md');

function cardRoute(path: string, formOf: (accept: string | undefined) => Form): Route {
  const possible: Form[] = [...new Set([formOf(undefined), formOf('text/html')])];
  return route({
    method: 'GET',
    path,
    scope: 'read',
    summary: 'The model card of the live version',
    params: NOTHING,
    query: NOTHING,
    body: null,
    answers: {
      200: possible.map((form) => ({
        description:
          form === 'html' ? 'For browsers, that is, where Accept names text/html' : 'The card',
        type: TYPES[form].split(';')[0] ?? '',
        ...(form === 'json' && { schema: modelCardSchema }),
      })),
      304: [{ description: 'The ETag of If-None-Match still holds', type: '' }],
    },
    problems: [404, 503],
    handle: async ({ headers, snapshot }, { store }) => {
      const { id } = trained(snapshot);
      const form = formOf(headers.accept);
      const etag = etagOf('model-card', id, form);
      if (etagMatches(headers['if-none-match'], etag)) return notModified(etag);
      const bytes = await store.blob(id, CARD_BLOB);
      if (bytes === null) throw noCard(id);
      const card = modelCardSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return answerOf(card, form, etag);
    },
  });
}

function noCard(version: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `Version ${version} has no model card.`,
    'It was published by an older release: train again.',
  );
}

function answerOf(card: ModelCard, form: Form, etag: string): Answer {
  const { markdown, ...rest } = card;
  const body = {
    json: () => JSON.stringify({ ...rest, markdown }),
    md: () => markdown,
    html: () => pageOf(card),
  };
  return {
    status: 200,
    headers: {
      'Content-Type': TYPES[form],
      'Cache-Control': CACHEABLE,
      Vary: 'Accept',
      ETag: etag,
      ...(form === 'html' && { 'Content-Security-Policy': CARD_POLICY }),
    },
    body: body[form](),
  };
}

/** The Markdown as a page; `markdown` is written by the trainer, with the texts of the data made harmless. */
function pageOf({ version, markdown, charts }: ModelCard): string {
  const withCharts = Object.entries(charts).reduce(
    (text, [name, svg]) =>
      text.replace(
        `(${name}.svg)`,
        `(data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')})`,
      ),
    markdown,
  );
  const title = version.version.replaceAll(/[^\w.-]/g, '');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Model card ${title}</title><link rel="stylesheet" href="../app.css"></head>
<body class="card"><main>${marked.parse(withCharts, { async: false })}</main></body>
</html>
`;
}
