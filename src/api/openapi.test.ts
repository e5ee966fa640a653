import { readFileSync } from 'node:fs';
import request from 'supertest';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { apiUnderTest } from '../testing/api-under-test.ts';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes.ts';

const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean() })),
        responses: z.record(z.string(), z.object({ description: z.string() })),
      }),
    ),
  ),
});

const stored: unknown = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
);

it('is stored as it is generated', () => {
  // Through text, as the file went.
  expect(stored).toEqual(JSON.parse(JSON.stringify(openApiDocument(ROUTES))));
});

it('has exactly the paths that Express has', async () => {
  await using api = await apiUnderTest();
  const mounted = api.app.router.stack.flatMap(({ route }) => route?.path ?? []);
  const { paths } = documentSchema.parse(stored);
  const documented = Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  expect([...new Set(mounted)].sort()).toEqual(documented.sort());
});

it('has exactly the methods that the API takes', async () => {
  await using api = await apiUnderTest();
  const { paths } = documentSchema.parse(stored);
  for (const path of Object.keys(paths)) {
    const url = path.replaceAll(/\{\w+\}/g, '8');
    // `/recommend/cold-start` is a reader's list too, as it would be for any other id.
    const taken = Object.entries(paths)
      .filter(([other]) => new RegExp(`^${other.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(url))
      .flatMap(([, operations]) => Object.keys(operations));
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const { status } = await request(api.listener)[method](url);
      expect(status === 405, `${method} ${path} answered ${status}`).toBe(!taken.includes(method));
    }
  }
});

it('names every parameter of a path, and each operation once', () => {
  const { paths } = documentSchema.parse(stored);
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.values(byMethod).map((operation) => ({ path, ...operation })),
  );
  for (const { path, parameters } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
  }
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});
