import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelsExport } from '../../src/cli/verbs/models-export.ts';
import { projectFolder } from '../../src/runtime/environment.ts';
import { chartFolder } from './helm.ts';

const pods = z.object({
  kind: z.literal('CronJob'),
  spec: z.object({
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({
          metadata: z.object({ labels: z.record(z.string(), z.string()) }),
          spec: z.object({
            containers: z.tuple([
              z.object({
                args: z.array(z.string()),
                env: z.array(z.looseObject({ name: z.string() })),
              }),
            ]),
          }),
        }),
      }),
    }),
  }),
});

/** The pods of the only CronJob in a text of YAML documents. */
function cronPods(yaml: string) {
  const objects: unknown[] = parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
  const [job, ...others] = objects.flatMap((object) => pods.safeParse(object).data ?? []);
  if (job === undefined || others.length > 0) throw new Error('expected one CronJob');
  return job.spec.jobTemplate.spec.template;
}

describe('the nightly backup of docs/operations.md', () => {
  const page = readFileSync(`${projectFolder}/docs/operations.md`, 'utf8');
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
  const backup = cronPods(yaml);
  const trainer = cronPods(readFileSync(`${chartFolder}/ci/default.golden.yaml`, 'utf8'));
  const [container] = backup.spec.containers;

  it('has the labels by which network policies know a trainer', () => {
    for (const name of ['name', 'instance', 'component']) {
      const label = `app.kubernetes.io/${name}`;
      expect(backup.metadata.labels[label]).toBe(trainer.metadata.labels[label]);
    }
  });

  it('asks the store of the release, with its password', () => {
    const store = ['STORE_URL', 'STORE_PASSWORD'];
    const known = trainer.spec.containers[0].env.filter(({ name }) => store.includes(name));
    expect(known).toHaveLength(2);
    expect(container.env).toEqual(expect.arrayContaining(known));
  });

  it('calls a verb that there is', () => {
    expect(container.args.slice(0, -1).join(' ')).toBe(modelsExport.name);
  });
});
