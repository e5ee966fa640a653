import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronJobsJob, jobOf, runObject } from '../testing/run-objects.ts';
import type { JobObject, RunObject } from './objects.ts';
import { concerned, queuedRun, turnOf } from './queue-order.ts';

const held = { suspend: true, annotations: { 'bookrec.dev/held': 'queue' } };
const [a, b, c] = ['a', 'b', 'c'].map((name, n) => runObject(name, { created: n })) as [
  RunObject,
  RunObject,
  RunObject,
];
const queued = (run: RunObject) => queuedRun(run, 'books-trainer');
const turn = (run: RunObject, runs: RunObject[], jobs: JobObject[] = []) =>
  turnOf(queued(run), runs.map(queued), jobs);

describe('turnOf', () => {
  it('lets the oldest run go first', () => {
    expect(turn(a, [c, b, a])).toEqual({ waitsFor: null, before: 0, givesWay: false });
    expect(turn(c, [c, b, a])).toEqual({ waitsFor: null, before: 2, givesWay: false });
  });

  it('goes by name among runs of one second', () => {
    const twin = runObject('aa');
    expect(turn(twin, [twin, a]).before).toBe(1);
    expect(turn(a, [twin, a]).before).toBe(0);
  });

  it('waits for a Job that trains, of a run or of the CronJob', () => {
    expect(turn(b, [a, b], [jobOf(a)])).toMatchObject({
      waitsFor: jobOf(a).metadata.name,
      before: 0,
    });
    expect(turn(a, [a], [cronJobsJob('books-trainer-1')]).waitsFor).toBe('books-trainer-1');
  });

  it.each([
    { name: 'has ended', job: jobOf(a, { end: { type: 'Failed' } }) },
    { name: 'is suspended', job: jobOf(a, { suspend: true }) },
    {
      name: 'is being deleted',
      job: { ...jobOf(a), metadata: { ...jobOf(a).metadata, deletionTimestamp: 1 } },
    },
    {
      name: 'is of another CronJob',
      job: {
        ...jobOf(a),
        metadata: { ...jobOf(a).metadata, labels: { 'bookrec.dev/cron-job': 'x' } },
      },
    },
    {
      name: 'is in another namespace',
      job: { ...jobOf(a), metadata: { ...jobOf(a).metadata, namespace: 'x' } },
    },
    {
      name: 'is no training',
      job: { ...jobOf(a), metadata: { ...jobOf(a).metadata, ownerReferences: [] } },
    },
  ])('does not wait for a Job that $name', ({ job }) => {
    expect(turn(b, [b], [job]).waitsFor).toBeNull();
  });

  it.each([
    {
      name: 'finished',
      other: runObject('a', {
        status: {
          conditions: [
            { type: 'Failed', status: 'True', reason: 'X', message: '', lastTransitionTime: '' },
          ],
        },
      }),
    },
    { name: 'suspended', other: runObject('a', { spec: { suspend: true } }) },
    { name: 'a rollback', other: runObject('a', { spec: { rollbackTo: 'v1' } }) },
    { name: 'of another CronJob', other: runObject('a', { spec: { cronJobName: 'x' } }) },
  ])('does not wait for a run that is $name', ({ other }) => {
    expect(turn(b, [other, b]).before).toBe(0);
  });

  it('lets a held Job go on when no older run waits', () => {
    const job = jobOf(b, held);
    expect(turn(b, [a, b], [job]).before).toBe(1);
    expect(turn(b, [b, c], [job])).toEqual({ waitsFor: null, before: 0, givesWay: false });
  });

  it('lets the younger of two Jobs that train give way', () => {
    const jobs = [jobOf(a, { created: 5 }), cronJobsJob('books-trainer-1', { created: 6 })];
    const cronRun = runObject('books-trainer-1', {
      spec: { jobName: 'books-trainer-1' },
      created: 7,
    });
    expect(turn(a, [a, cronRun], jobs).givesWay).toBe(false);
    expect(turn(cronRun, [a, cronRun], jobs)).toMatchObject({
      givesWay: true,
      waitsFor: jobOf(a).metadata.name,
    });
  });

  it('lets exactly one go, whatever waits and trains (property)', () => {
    const states = fc.array(fc.constantFrom('none', 'active', 'held', 'ended', 'suspended'), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(states, (given) => {
        const runs = given.map((state, n) =>
          runObject(`run-${n}`, { created: n, spec: { suspend: state === 'suspended' } }),
        );
        const jobs = runs.flatMap((run, n) => {
          const state = given[n];
          if (state === 'active') return [jobOf(run, { created: n })];
          if (state === 'held') return [jobOf(run, held)];
          return state === 'ended' ? [jobOf(run, { end: { type: 'Complete' } })] : [];
        });
        const mayTrain = runs.filter((run, n) => {
          if (given[n] === 'ended' || given[n] === 'suspended') return false;
          const { waitsFor, before, givesWay } = turn(run, runs, jobs);
          return waitsFor === null && before === 0 && !givesWay;
        });
        const some = given.some((state) => state !== 'ended' && state !== 'suspended');
        expect(mayTrain).toHaveLength(some ? 1 : 0);
      }),
    );
  });
});

describe('a place in the queue that changes concerns', () => {
  const names = (runs: RunObject[], jobs: JobObject[] = []): string[] =>
    concerned('books', runs.map(queued), jobs).map(({ name }) => name);

  it('who trains and who is first in line, for each CronJob', () => {
    const other = runObject('other', { spec: { cronJobName: 'other' }, created: 5 });
    expect(names([c, b, a, other], [jobOf(a)])).toEqual(['a', 'b', 'other']);
    expect(names([c, b], [jobOf(b, held)])).toEqual(['b']);
  });

  it('nobody who has no turn to wait for', () => {
    const paused = runObject('paused', { spec: { suspend: true } });
    const back = runObject('back', { spec: { rollbackTo: 'v1' } });
    expect(names([paused, back, a, b], [jobOf(a, { end: { type: 'Complete' } })])).toEqual(['b']);
  });
});
