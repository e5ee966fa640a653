import { availableParallelism } from 'node:os';
import { type ApiProcess, startApiProcess } from './bookrec-process.ts';
import { programSays } from './machine.ts';
import { atLeast, type Figure, notMeasured, number } from './part.ts';
import { runWrk, wrkArgs } from './wrk.ts';

const TIMES = 1.8;
/** Turns of one process and both that are compared: a machine that slows down for a while slows both down. */
const TURNS = 5;
const WHAT =
  '`GET /recommend/{id}`, requests a second of CPU: two processes on cores of their own and one store, times one, LMDB';
const COMMAND = 'node_modules/.bin/node hack/bench.ts --only serving';

/**
 * What two processes under load at once answer by their CPU time beside what one does, each tied to a core: below 2 where they
 * wait for each other. Not by the clock, since wrk takes its part of the same cores.
 */
export async function twoProcessesFigure(
  store: string,
  file: string,
  seconds: number,
): Promise<Figure> {
  const asked = `at least ${TIMES}`;
  if (availableParallelism() < 2) return notMeasured(WHAT, asked, 'there is one core', COMMAND);
  for (const program of ['taskset', 'wrk']) {
    if ((await programSays(program, '--version')) === null) {
      return notMeasured(WHAT, asked, `${program} is missing`, COMMAND);
    }
  }
  await using first = await startApiProcess(store, 0);
  await using second = await startApiProcess(store, 1);
  // Until answers come from memory.
  for (const api of [first, second]) await runWrk(wrkArgs(api.url, seconds, file));
  const load = (api: ApiProcess): Promise<number> => perCpuSecond(api, file, seconds / TURNS);
  const mean = { alone: 0, first: 0, second: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    mean.alone += (await load(turn % 2 === 0 ? first : second)) / TURNS;
    const [one, other] = await Promise.all([load(first), load(second)]);
    mean.first += one / TURNS;
    mean.second += other / TURNS;
  }
  return atLeast({
    what: WHAT,
    command: COMMAND,
    value: (mean.first + mean.second) / mean.alone,
    limit: TIMES,
    digits: 2,
    note: `${number(mean.first)} + ${number(mean.second)} beside ${number(mean.alone)}; ${TURNS} turns of both ways`,
  });
}

async function perCpuSecond(api: ApiProcess, file: string, seconds: number): Promise<number> {
  const before = await api.cpuSeconds();
  const { requestsPerSecond, errors } = await runWrk(wrkArgs(api.url, seconds, file));
  if (errors > 0) throw new Error(`${errors} of the requests to ${api.url} failed`);
  return (requestsPerSecond * seconds) / ((await api.cpuSeconds()) - before);
}
