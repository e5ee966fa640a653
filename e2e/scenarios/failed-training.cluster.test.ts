import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AlertRules, always } from '../../hack/chart/alert-rules.ts';
import { recommendAnswerSchema } from '../../src/contracts/http.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { apply } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release, terminationOf, type FinishedJob } from '../harness/release.ts';
import { badDataMap, smallDataMap, smallTrainer } from '../harness/small-data.ts';

describe('a training that fails', () => {
  let release: Release;
  let client: ClientPod;
  let rules: AlertRules;
  let live: string;
  let versions: string;

  beforeAll(async () => {
    const namespace = await createNamespace('failing');
    await apply(namespace, smallDataMap(), badDataMap());
    release = await Release.install(namespace, smallTrainer());
    client = await ClientPod.start(namespace);
    rules = new AlertRules({ release: release.name, namespace });
    live = (await release.train('good')).version ?? '';
    versions = await release.command('models', 'list');
  });

  afterAll(async ({}, suite) => {
    rules.remove();
    await cleanUp(suite);
  });

  async function fails(job: string, trainer: object): Promise<FinishedJob> {
    await release.upgrade({ trainer: { backoffLimit: 0, ...trainer } });
    await release.startTraining(job);
    const finished = await release.finished(job);
    expect(finished.end).toBe('Failed');
    return finished;
  }

  /** What kube-state-metrics says of the Job makes the alert on failed trainings fire. */
  function firesAlert({ job }: FinishedJob): void {
    const cron = `namespace="${release.namespace}", cronjob="${release.prefix}-trainer"`;
    const labels = `namespace="${release.namespace}", job_name="${job.metadata.name}"`;
    const started = Date.parse(job.status.startTime ?? '') / 1000;
    const input = [
      always('kube_cronjob_created', cron, 0),
      always('kube_cronjob_spec_suspend', cron, 0),
      always('kube_cronjob_status_last_successful_time', cron, started - 60),
      always('kube_job_status_start_time', labels, started),
      always('kube_job_failed', `${labels}, condition="true"`, 1),
      ...['api', 'controller', 'store'].map((part) =>
        always('up', `namespace="${release.namespace}", service="${release.prefix}-${part}"`, 1),
      ),
    ];
    expect(
      rules.test({ name: job.metadata.name, input, alerts: ['BookrecTrainingFailed'] }),
    ).toContain('SUCCESS');
  }

  afterEach(async () => {
    const answer = recommendAnswerSchema.parse(await client.json(`${release.url}/recommend/8`));
    expect(answer).toMatchObject({ source: 'personal', model_version: live });
    expect(await release.command('models', 'list')).toBe(versions);
  });

  it('on bad data says which file and line', async () => {
    const failed = await fails('bad-data', { data: { existingConfigMap: 'bad' } });
    firesAlert(failed);
    const { exitCode, message } = terminationOf(failed);
    expect(exitCode).toBe(1);
    expect(message).toContain('DATA_TOO_BAD');
    expect(message).toContain('BX-Book-Ratings.csv');
    expect(await release.logs('bad-data')).toContain('BX-Book-Ratings.csv');
  });

  it('for want of memory says so', async () => {
    const memory = { requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '160Mi' } };
    const failed = await fails('no-memory', { resources: memory });
    firesAlert(failed);
    expect(terminationOf(failed)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('for want of time is stopped, and its Job says so', async () => {
    const failed = await fails('no-time', { activeDeadlineSeconds: 4 });
    firesAlert(failed);
    expect(failed.reason).toBe('DeadlineExceeded');
  });

  it('by wrong settings is not tried again', async () => {
    const failed = await fails('no-sense', {
      backoffLimit: 2,
      extraEnv: [{ name: 'RANK', value: 'many' }],
    });
    expect(failed.reason).toBe('PodFailurePolicy');
    expect(failed.job.status.failed).toBe(1);
    const { exitCode, message } = terminationOf(failed);
    expect(exitCode).toBe(2);
    expect(message).toContain('RANK');
  });

  it('is followed by one that succeeds', async () => {
    await release.upgrade(smallTrainer());
    await release.startTraining('mended');
    expect((await release.finished('mended')).end).toBe('Complete');
  });
});
