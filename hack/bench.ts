/**
 * Measures the main figures and writes docs/benchmarks.md and the figures in README.md.
 *
 *     --quick        everything at reduced size, printed and not written
 *     --only PARTS   some of train, sweeps, lists, accuracy, fold-in, serving; printed and not written
 *     --store URL    use the model that is live there instead of training one
 *     --json         print the results as JSON
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accuracyPart } from './bench/accuracy-part.ts';
import { foldInPart } from './bench/fold-in-part.ts';
import { listsPart } from './bench/lists-part.ts';
import { describeMachine } from './bench/machine.ts';
import { type Results, benchmarksPage, withFigures } from './bench/page.ts';
import type { Part } from './bench/part.ts';
import { servingPart } from './bench/serving-part.ts';
import { sweepsPart } from './bench/sweeps-part.ts';
import { trainPart } from './bench/train-part.ts';
import { projectFolder } from '../src/runtime/environment.ts';

const PARTS = ['train', 'sweeps', 'lists', 'accuracy', 'fold-in', 'serving'] as const;
type PartName = (typeof PARTS)[number];

interface Plan {
  readonly parts: readonly PartName[];
  readonly store: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

function planOf(args: string[]): Plan {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      store: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { only, store, quick, json } = values;
  const names = only?.split(',') ?? [...PARTS];
  const unknown = names.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`no part "${unknown}"; there are ${PARTS.join(', ')}`);
  return { parts: PARTS.filter((part) => names.includes(part)), store, quick, json };
}

async function measure({ parts, store: given, quick }: Plan, folder: string): Promise<Results> {
  const machine = await describeMachine();
  const has = (part: PartName): boolean => parts.includes(part);
  const done: Part[] = [];
  let ratings: number | null = null;
  const store = given ?? `lmdb:${join(folder, 'store')}`;
  const needsStore = has('fold-in') || has('serving');
  if (given === undefined && (has('train') || needsStore)) {
    say('train');
    const trained = await trainPart(store, { folder, quick });
    ({ ratings } = trained);
    if (has('train')) done.push(trained.part);
  }
  if (has('sweeps')) {
    say('sweeps');
    done.push(sweepsPart(quick));
  }
  if (has('lists')) {
    say('lists');
    done.push(listsPart(quick));
  }
  if (has('accuracy')) {
    say('accuracy');
    done.push(await accuracyPart(ratings, { folder, quick }));
  }
  if (has('fold-in')) {
    say('fold-in');
    done.push(await foldInPart(store, quick));
  }
  if (has('serving')) {
    say('serving');
    done.push(await servingPart(store, { folder, quick }));
  }
  return { machine, parts: done };
}

const say = (part: string): void => void process.stderr.write(`bench: ${part}\n`);

function write(results: Results): void {
  const readme = 'README.md';
  const figures = withFigures(readFileSync(readme, 'utf8'), results);
  writeFileSync('docs/benchmarks.md', benchmarksPage(results));
  writeFileSync(readme, figures);
  process.stderr.write('bench: wrote docs/benchmarks.md and the figures in README.md\n');
}

const plan = planOf(process.argv.slice(2));
// Commands are run as the page shows them.
process.chdir(projectFolder);
// Also then, listeners of `exit` end what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'bookrec-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
const results = await measure(plan, folder);
const whole = plan.parts.length === PARTS.length && plan.store === undefined && !plan.quick;
process.stdout.write(plan.json ? `${JSON.stringify(results, null, 2)}\n` : benchmarksPage(results));
if (whole) write(results);
