import { z } from 'zod';
import {
  type RunAnswer,
  runAnswerSchema,
  type RunInList,
  runParamsSchema,
  type RunsAnswer,
  runsAnswerSchema,
  runsQuerySchema,
} from '../../contracts/http-runs.ts';
import type { RunRecord } from '../../contracts/run.ts';
import { AppError } from '../../runtime/errors.ts';
import { freshJson } from '../answer.ts';
import { fromStore, pageFrom } from '../from-store.ts';
import { route } from '../route.ts';

export const runs = route({
  method: 'GET',
  path: '/runs',
  scope: 'admin',
  summary: 'Trainings with their progress, newest first, a page at a time',
  params: z.strictObject({}),
  query: runsQuerySchema,
  body: null,
  answers: {
    200: [{ description: 'One page', type: 'application/json', schema: runsAnswerSchema }],
  },
  problems: [503],
  handle: async ({ query }, deps) => {
    const { limit, after } = query;
    const read = (most: number) => deps.store.runs(most, after);
    const { shown, next } = await pageFrom(limit, read, ({ id }) => id, deps);
    const body: RunsAnswer = { runs: shown.map(inList), next };
    return freshJson(body);
  },
});

export const run = route({
  method: 'GET',
  path: '/runs/{run_id}',
  scope: 'admin',
  summary: 'One training: its progress while it goes on, its outcome afterwards',
  params: runParamsSchema,
  query: z.strictObject({}),
  body: null,
  answers: {
    200: [{ description: 'The run', type: 'application/json', schema: runAnswerSchema }],
  },
  problems: [404, 503],
  handle: async ({ params }, deps) => {
    const record = await fromStore(deps.store.run(params.run_id), deps);
    if (record !== null) return freshJson(whole(record));
    throw new AppError(
      'NOT_FOUND',
      'There is no such run.',
      'GET /runs lists those that are kept.',
    );
  },
});

function inList(record: RunRecord): RunInList {
  const { phase, sweep, of, elbo, heldOutRmse, secondsLeft } = record.progress;
  return {
    id: record.id,
    state: record.state,
    started_at: record.startedAt,
    updated_at: record.updatedAt,
    finished_at: record.finishedAt,
    model_version: record.version,
    progress: {
      phase,
      sweep,
      of,
      elbo,
      held_out_rmse: heldOutRmse,
      seconds_left: secondsLeft,
    },
    error: record.error,
  };
}

function whole(record: RunRecord): RunAnswer {
  return {
    ...inList(record),
    seconds: record.seconds,
    memory_mib: record.memoryMiB,
    peak_memory_mib: record.peakMemoryMiB,
    backend: record.backend,
    data: record.data && dataOf(record.data),
    decision: record.decision,
    metrics: record.metrics,
    warnings: record.warnings,
  };
}

/** What was read, without the examples: they are rows of readers. */
function dataOf({ format, counts, findings }: NonNullable<RunRecord['data']>): RunAnswer['data'] {
  return {
    format,
    counts,
    findings: findings.map(({ kind, action, count }) => ({ kind, action, count })),
  };
}
