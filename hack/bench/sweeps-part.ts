import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { type Figure, type Part, atLeast, atMost, number } from './part.ts';

const PROGRAM = 'hack/speed/sweeps.ts';
const MILLION = 1e6;

/** What `hack/speed/sweeps.ts` prints. */
const sweptSchema = z.object({
  ratings: z.number(),
  ratingsPerSecond: z.number(),
  ratingsPerCpuSecond: z.number(),
});
const trainedSchema = z.object({
  ratings: z.number(),
  sweeps: z.number(),
  factors: z.number(),
  seconds: z.number(),
  peakMiB: z.number(),
});

/** Sweeps over made-up ratings of 160,000 readers on 60,000 books, on two threads. */
export function sweepsPart(quick: boolean): Part {
  const [few, many] = quick ? ['500000', '1000000'] : ['10000000', '25000000'];
  const figures = [
    sweep(['--ratings', few, '--rank', '16'], 10),
    sweep(['--ratings', few, '--rank', '32'], 5),
    ...training(['--train', '--ratings', many, '--rank', '16', '--sweeps', quick ? '2' : '20']),
  ];
  return {
    title: 'Sweeps over many ratings',
    figures,
    notes: [
      'Made-up ratings of 160,000 readers on 60,000 books, with power-law degrees on both sides (`hack/speed/synthetic.ts`), straight into the trainer’s columns. A sweep is both row steps, three after one that is not counted. The training is all of it, the first factors included, with labels of readers and books that the prior means learn from, and without content effects; its memory is the peak of the process, which also makes up the ratings.',
    ],
    details: [],
  };
}

function run(args: readonly string[]): { readonly command: string; readonly found: unknown } {
  const words = [PROGRAM, ...args];
  const printed = execFileSync(process.execPath, words, { encoding: 'utf8' });
  return { command: `node_modules/.bin/node ${words.join(' ')}`, found: JSON.parse(printed) };
}

function sweep(args: readonly string[], limit: number): Figure {
  const { command, found } = run(args);
  const { ratings, ratingsPerSecond, ratingsPerCpuSecond } = sweptSchema.parse(found);
  return atLeast({
    what: `one sweep over ${number(ratings)} ratings, both steps, rank ${args.at(-1) ?? ''}`,
    command,
    value: ratingsPerSecond / MILLION,
    limit,
    digits: 1,
    unit: ' M ratings/s',
    note: `${number(ratingsPerCpuSecond / MILLION, 1)} M a second of one core`,
  });
}

function training(args: readonly string[]): Figure[] {
  const { command, found } = run(args);
  const { ratings, sweeps, factors, seconds, peakMiB } = trainedSchema.parse(found);
  const what = `training on ${number(ratings)} ratings with side information, rank 16, ${sweeps} sweeps`;
  return [
    atMost({
      ...{ what, command, value: seconds, limit: 180, digits: 0, unit: ' s' },
      note: `${factors} factors in use at the end`,
    }),
    atMost({
      what: `${what}: peak memory`,
      command,
      value: peakMiB,
      limit: 4096,
      digits: 0,
      unit: ' MiB',
    }),
  ];
}
