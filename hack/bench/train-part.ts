import { openStore } from '../../src/store/open-store.ts';
import { runBookrec, shown } from './bookrec-process.ts';
import { type Figure, type Part, atMost, notMeasured, number } from './part.ts';
import { liveManifest } from './published.ts';

const SECONDS = 15;
const MIB = 1024;

export interface TrainOptions {
  /** An empty folder, which gets the store. */
  readonly folder: string;
  readonly quick: boolean;
}

/** Trains from the raw files into an empty store and publishes there. */
export async function trainPart(
  store: string,
  { folder, quick }: TrainOptions,
): Promise<{ part: Part; ratings: number }> {
  const args = (url: string): string[] => [
    ...['train', '--store', url, '--json'],
    ...(quick ? ['--sweeps', '2'] : []),
  ];
  const command = `/usr/bin/time -v ${shown(args('lmdb:$DIR'))}`;
  const { seconds, peakMiB } = await runBookrec(args(store), folder);
  const opened = await openStore(store);
  try {
    const { counts, model } = await liveManifest(opened);
    const [run] = await opened.runs(1);
    const peak = peakMiB ?? run?.peakMemoryMiB ?? null;
    const what = `raw files to published lists, ${number(counts.readers)} readers and ${number(counts.listedBooks)} books`;
    const part: Part = {
      title: 'From raw files to published lists',
      figures: [
        atMost({ what, command, value: seconds, limit: SECONDS, digits: 1, unit: ' s' }),
        memoryFigure(`${what}: peak memory`, peak, command),
      ],
      notes: [
        `${quick ? 'Two sweeps' : 'Default settings'}, an empty store, ${number(counts.ratings)} ratings and ${number(counts.interactions)} interactions; rank ${model.rank}, ${model.sweeps} sweeps. Start and end of the process count.`,
        ...(peakMiB === null
          ? ['GNU time is missing: the peak is what the run itself noted.']
          : []),
      ],
      details: [{ title: 'Seconds by phase, as the run notes them', rows: phases(run?.seconds) }],
    };
    return { part, ratings: counts.ratings };
  } finally {
    await opened.close();
  }
}

function memoryFigure(what: string, peak: number | null, command: string): Figure {
  if (peak === null) return notMeasured(what, `at most ${MIB} MiB`, 'GNU time is missing', command);
  return atMost({ what, command, value: peak, limit: MIB, digits: 0, unit: ' MiB' });
}

function phases(seconds: Readonly<Record<string, number>> = {}): string[][] {
  const rows = Object.entries(seconds).map(([phase, value]) => [phase, number(value, 1)]);
  return [['phase', 'seconds'], ...rows];
}
