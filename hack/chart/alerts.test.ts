import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/testing/find-program.ts';
import { leftOut } from '../../src/testing/left-out.ts';
import { type AlertCase, AlertRules, always, series, type Series } from './alert-rules.ts';

const found = findProgram('promtool') !== null && findProgram('helm') !== null;
if (!found) leftOut('the alerts of the Helm chart: no helm and promtool on the PATH');

const API = 'namespace="library", service="books-bookrec-api"';
const STORE = 'namespace="library", service="books-bookrec-store"';
const CONTROLLER = 'namespace="library", service="books-bookrec-controller"';
const CRON = 'namespace="library", cronjob="books-bookrec-trainer"';
const JOB = 'namespace="library", job_name="books-bookrec-trainer-2"';

/** Ratings a minute that are compared, and those within the intervals of 50 and 95 %. */
const feedback = (
  labels: string,
  [checked, half, most]: readonly [number, number, number],
): Series[] => [
  series('bookrec_feedback_checked_total', `${API}, ${labels}`, `0+${String(checked)}x1500`),
  ...(
    [
      ['0.5', half],
      ['0.95', most],
    ] as const
  ).map(([interval, within]) =>
    series(
      'bookrec_feedback_within_total',
      `${API}, ${labels}, interval="${interval}"`,
      `0+${String(within)}x1500`,
    ),
  ),
];

/** Everything as it should be, scraped once a minute for a day. */
const HEALTHY: readonly Series[] = [
  always('up', API, 1),
  always('up', STORE, 1),
  always('up', CONTROLLER, 1),
  always('bookrec_controller_watch_age_seconds', `${CONTROLLER}, kind="runs"`, 20),
  always('bookrec_controller_failing', CONTROLLER, 0),
  always('kube_cronjob_created', CRON, 0),
  always('kube_cronjob_spec_suspend', CRON, 0),
  series('kube_cronjob_status_last_successful_time', CRON, '0+60x1500'),
  always('bookrec_model_info', `${API}, version="a"`, 1),
  always('bookrec_model_age_seconds', `${API}, version="a"`, 100),
  always('bookrec_degraded', API, 0),
  always('bookrec_model_coverage', `${API}, interval="0.5"`, 0.51),
  always('bookrec_model_coverage', `${API}, interval="0.95"`, 0.94),
  // Too little to tell, and of a version that is not live any more.
  ...feedback('version="a"', [0.004, 0.002, 0.003]),
  ...feedback('version="z"', [1000, 100, 500]),
  always('dragonfly_memory_used_bytes', STORE, 10),
  always('dragonfly_memory_max_bytes', STORE, 100),
];

/** The healthy system with some series replaced or added. */
const but = (...changed: readonly Series[]): Series[] => [
  ...HEALTHY.filter((each) => changed.every((other) => other.series !== each.series)),
  ...changed,
];

const route = 'route="/recommend/{user_id}", method="GET"';
const requests = (status: number, values: string): Series =>
  series(
    'bookrec_http_request_duration_seconds_count',
    `${API}, ${route}, status="${String(status)}"`,
    values,
  );
const bucket = (le: string, values: string): Series =>
  series(
    'bookrec_http_request_duration_seconds_bucket',
    `${API}, ${route}, status="200", le="${le}"`,
    values,
  );

const CASES: readonly AlertCase[] = [
  { name: 'all is well', input: HEALTHY, alerts: [] },
  {
    name: 'a run failed after the last success',
    input: but(
      series('kube_cronjob_status_last_successful_time', CRON, '60000x1500'),
      always('kube_job_status_start_time', JOB, 61000),
      always('kube_job_failed', `${JOB}, condition="true"`, 1),
    ),
    alerts: ['BookrecTrainingFailed'],
  },
  {
    name: 'a run failed before the last success',
    input: but(
      always('kube_job_status_start_time', JOB, 100),
      always('kube_job_failed', `${JOB}, condition="true"`, 1),
    ),
    alerts: [],
  },
  {
    name: 'the first run failed and none has succeeded',
    input: [
      ...HEALTHY.filter((each) => !each.series.includes('last_successful')),
      always('kube_job_status_start_time', JOB, 100),
      always('kube_job_failed', `${JOB}, condition="true"`, 1),
    ],
    alerts: ['BookrecNoTraining', 'BookrecTrainingFailed'],
  },
  {
    name: 'no success for two intervals',
    input: but(series('kube_cronjob_status_last_successful_time', CRON, '1000x1500')),
    alerts: ['BookrecNoTraining'],
  },
  {
    name: 'no success while training is suspended',
    input: but(
      series('kube_cronjob_status_last_successful_time', CRON, '1000x1500'),
      always('kube_cronjob_spec_suspend', CRON, 1),
    ),
    alerts: [],
  },
  {
    name: 'an old model',
    input: but(always('bookrec_model_age_seconds', `${API}, version="a"`, 700_000)),
    alerts: ['BookrecModelTooOld'],
  },
  {
    name: 'intervals that hold too little',
    input: but(always('bookrec_model_coverage', `${API}, interval="0.95"`, 0.9)),
    alerts: ['BookrecCoverageOff'],
  },
  {
    name: 'intervals that hold too little of the feedback, over all replicas',
    input: but(
      ...feedback('pod="b", version="a"', [1000, 500, 990]),
      ...feedback('pod="c", version="a"', [1000, 500, 700]),
    ),
    alerts: ['BookrecFeedbackCoverageOff'],
  },
  {
    name: 'two models at once',
    input: but(always('bookrec_model_info', `${API}, pod="b", version="b"`, 1)),
    alerts: ['BookrecModelsDiffer'],
  },
  {
    name: 'the store away',
    input: but(
      always('bookrec_degraded', API, 1),
      always('up', STORE, 0),
      series('bookrec_store_errors_total', `${API}, code="STORE_UNAVAILABLE"`, '0+60x1500'),
    ),
    alerts: ['BookrecDegraded', 'BookrecStoreDown', 'BookrecStoreErrors'],
  },
  {
    name: 'a store that is nearly full, then full, and a snapshot that fails',
    input: but(
      always('dragonfly_memory_used_bytes', STORE, 95),
      series('dragonfly_oom_errors_total', STORE, '0+1x1500'),
      series('dragonfly_failed_backups_total', STORE, '0+1x1500'),
    ),
    alerts: ['BookrecSnapshotFailed', 'BookrecStoreFull', 'BookrecStoreMemory'],
  },
  {
    name: 'failing requests',
    input: but(requests(200, '0+95x1500'), requests(500, '0+5x1500')),
    alerts: ['BookrecApiErrors'],
  },
  {
    name: 'lists refused before the first training',
    input: [
      ...HEALTHY.filter((each) => !each.series.startsWith('bookrec_model')),
      requests(503, '0+100x1500'),
    ],
    alerts: [],
  },
  {
    name: 'slow lists',
    input: but(
      bucket('0.25', '0+90x1500'),
      bucket('1', '0+100x1500'),
      bucket('+Inf', '0+100x1500'),
    ),
    alerts: ['BookrecApiSlow'],
  },
  {
    name: 'no controller',
    input: but(always('up', CONTROLLER, 0)),
    alerts: ['BookrecControllerDown'],
  },
  {
    name: 'a controller that does not hear of the API server',
    input: but(always('bookrec_controller_watch_age_seconds', `${CONTROLLER}, kind="runs"`, 400)),
    alerts: ['BookrecControllerStuck'],
  },
  {
    name: 'a controller whose passes fail',
    input: but(always('bookrec_controller_failing', CONTROLLER, 1)),
    alerts: ['BookrecControllerStuck'],
  },
  {
    name: 'no API',
    input: but(always('up', API, 0)),
    alerts: ['BookrecApiDown'],
  },
];

describe.runIf(found)('alerts', () => {
  let rules: AlertRules;
  beforeAll(() => {
    rules = new AlertRules();
  });
  afterAll(() => {
    rules.remove();
  });

  it('pass promtool', () => {
    expect(rules.check()).toContain('SUCCESS');
  });

  it.each(CASES)('fire rightly: $name', (one) => {
    expect(rules.test(one)).toContain('SUCCESS');
  });

  it('are each seen firing in a case above', () => {
    expect([...new Set(CASES.flatMap(({ alerts }) => alerts))].toSorted()).toEqual(
      rules.names.toSorted(),
    );
  });
});
