import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { type Part, atMost, number } from './part.ts';

/** What `hack/speed/lists.ts` prints. */
const madeSchema = z.object({
  lists: z.number(),
  books: z.number(),
  rank: z.number(),
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakMiB: z.number(),
});

/** Lists with spreads for 160,000 readers of 60,000 books, on all cores. */
export function listsPart(quick: boolean): Part {
  const words = ['hack/speed/lists.ts', ...(quick ? ['--readers', '4000'] : [])];
  const printed = execFileSync(process.execPath, words, { encoding: 'utf8' });
  const { lists, books, rank, seconds, cpuSeconds, peakMiB } = madeSchema.parse(
    JSON.parse(printed),
  );
  return {
    title: 'Lists of all readers',
    figures: [
      atMost({
        what: `lists with spreads for ${number(lists)} readers of ${number(books)} books, rank ${number(rank)}`,
        command: `node_modules/.bin/node ${words.join(' ')}`,
        value: seconds,
        limit: 120,
        digits: 1,
        unit: ' s',
        note: `${number(cpuSeconds, 1)} s of processor time, ${number(peakMiB)} MiB`,
      }),
    ],
    notes: [
      'Lists of 50 by the default policy, encoded as they are stored, without the writing. Readers with 10 made-up ratings on average (power law, `hack/speed/synthetic.ts`); a model of the size of a trained one with random factors; ties are those of the ratings.',
    ],
    details: [],
  };
}
