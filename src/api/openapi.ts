import { z } from 'zod';
import project from '../../package.json' with { type: 'json' };
import { problemSchema } from '../contracts/http.ts';
import type { AnswerKind, Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of a route table. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'bookrec',
      version: project.version,
      description: project.description,
      license: { name: project.license, identifier: project.license },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: KEY_TEXT } },
    },
  };
}

function operation(route: Route): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    security: route.scope === 'open' ? [] : [{ key: [route.scope] }, {}],
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
          },
        }),
    responses: { ...answers(route), ...problems(route) },
  };
}

/** `getModelInfo` for `GET /model/info`. */
function operationId(route: Route): string {
  const words = route.path.split(/[^a-z]+/i).filter((word) => word !== '');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return route.method.toLowerCase() + (name === '' ? 'Home' : name);
}

function parameters(shape: z.ZodObject, place: 'path' | 'query'): Json[] {
  const { properties = {} } = z.toJSONSchema(shape, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema,
  }));
}

/** JSON schema, draft 2020-12, as OpenAPI 3.1 has it. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const found = z.toJSONSchema(schema, { io });
  delete found.$schema;
  return found;
}

function answers(route: Route): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, kinds]) => [
      status,
      { description: kinds[0]?.description ?? '', ...content(kinds) },
    ]),
  );
}

function content(kinds: readonly AnswerKind[]): Json {
  const typed = kinds.filter((kind) => kind.type !== '');
  if (typed.length === 0) return {};
  const entries = typed.map((kind) => [
    kind.type,
    { schema: kind.schema === undefined ? { type: 'string' } : schemaOf(kind.schema, 'output') },
  ]);
  return { content: Object.fromEntries(entries) };
}

function problems(route: Route): Record<string, Json> {
  const problem = {
    content: {
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    },
  };
  return {
    ...Object.fromEntries(
      [400, ...(route.scope === 'open' ? [] : [401, 403]), ...route.problems].map((status) => [
        String(status),
        { description: PROBLEM_TEXTS[status] ?? 'The request is not valid', ...problem },
      ]),
    ),
    default: { description: 'Any other error', ...problem },
  };
}

const KEY_TEXT = 'A key with the scope that the operation names; servers without keys ask for none';

const PROBLEM_TEXTS: Readonly<Record<number, string>> = {
  401: 'No key was given, or one that is not known',
  403: 'The key is good for other things',
  404: 'There is no such thing',
  410: 'The cursor belongs to a version of the model that is not live any more',
  413: 'The body exceeds 256 kB',
  415: 'The body is not JSON',
  422: 'The Idempotency-Key was sent with another body before',
  503: 'No model has been trained yet, or the store does not answer',
};
