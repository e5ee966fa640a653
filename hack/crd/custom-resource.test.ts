import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { recommenderRunSchema, runSpecSchema } from '../../src/contracts/recommender-run.ts';
import { projectFolder } from '../../src/runtime/environment.ts';
import { CRD_FILE, customResourceFile, openApiSchema } from './custom-resource.ts';
import { structuralProblems } from './structural.ts';

const examples = path.join(projectFolder, 'charts/bookrec/examples');

describe('the custom resource', () => {
  it('is current in the chart', async () => {
    expect(readFileSync(CRD_FILE, 'utf8')).toBe(await customResourceFile());
  });

  it('lets nothing but suspend and ttlSecondsAfterFinished change', async () => {
    const rules = JSON.stringify(openApiSchema(runSpecSchema));
    const fixed = [...rules.matchAll(/spec\.(\w+) cannot be changed/g)].map(([, key]) => key);
    const keys = Object.keys(runSpecSchema.shape);
    expect(keys.filter((key) => !fixed.includes(key))).toEqual([
      'suspend',
      'ttlSecondsAfterFinished',
    ]);
  });
});

describe('a schema that is not structural', () => {
  it.each([
    { name: 'a strict object', schema: z.strictObject({ a: z.boolean() }), want: 'beside' },
    {
      name: 'a union',
      schema: z.object({ a: z.union([z.int().max(1), z.boolean()]) }),
      want: 'anyOf',
    },
    { name: 'a float', schema: z.object({ a: z.number().max(1) }), want: 'decimal string' },
    {
      name: 'a nullable',
      schema: z.object({ a: z.int().max(1).nullable() }),
      want: '.a: nullable',
    },
    { name: 'a long string', schema: z.object({ a: z.string() }), want: '.a: no maxLength' },
    {
      name: 'a long list',
      schema: z.array(z.boolean()).meta({ 'x-kubernetes-list-type': 'atomic' }),
      want: 'no maxItems',
    },
    { name: 'a list of no type', schema: z.array(z.boolean()).max(3), want: 'no list type' },
    { name: 'an open map', schema: z.record(z.string(), z.boolean()), want: 'no maxProperties' },
    {
      name: 'two patterns',
      schema: z.object({ a: z.string().regex(/a/).regex(/b/).max(3) }),
      want: 'allOf',
    },
  ])('$name is refused', ({ schema, want }) => {
    expect(() => openApiSchema(schema)).toThrow(want);
  });

  it('is found in any depth', () => {
    const deep = {
      type: 'object',
      properties: {
        a: {
          type: 'array',
          maxItems: 1,
          'x-kubernetes-list-type': 'atomic',
          items: { type: 'string' },
        },
      },
    };
    expect(structuralProblems(deep)).toEqual(['.a.[]: no maxLength']);
  });
});

describe('the examples', () => {
  it.each(readdirSync(examples))('%s is a valid run and nothing in it is ignored', (file) => {
    const run: unknown = parse(readFileSync(path.join(examples, file), 'utf8'));
    expect(recommenderRunSchema.parse(run)).toEqual(run);
  });
});
