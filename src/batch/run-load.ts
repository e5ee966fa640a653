import { candidateNumbers } from '../model/interest/learn-interest.ts';
import { LARGEST_HISTORY, LEAST_COMMON, TIES_KEPT } from '../model/interest/ties.ts';
import { BOOKS_MET, READERS_MET } from '../model/links.ts';
import type { Dataset } from './ingest/dataset.ts';
import type { LearnOptions } from './learn.ts';
import { listThreads } from './recommend/list-pool.ts';
import { longestOf } from './train/gpu/gpu-kernel.ts';
import type { TrainingData } from './train/model-state.ts';
import { assertRoom, type Load, memoryBudget } from './train/memory.ts';
import { threadsFor } from './train/sweep-pool.ts';
import type { RoomFor } from './train/trainer.ts';
import { TUNING_SHARE } from './tuning-slice.ts';

/** Asks whether the run has room within the budget, beside what is in use now; throws `MEMORY_TOO_SMALL`. */
export function roomIn(
  dataset: Dataset,
  data: TrainingData,
  {
    memoryBudget: set,
    threads = 0,
    gpu = null,
  }: Pick<LearnOptions, 'memoryBudget' | 'threads' | 'gpu'>,
): RoomFor {
  const budget = memoryBudget(set);
  const load = loadOf(dataset, data, { threads, isOnGpu: gpu !== null });
  const inUse = process.memoryUsage.rss();
  return (dim) => {
    assertRoom(budget, load, dim, inUse);
  };
}

/** What a run on the data has to hold, whatever part of the rows it trains on first. */
function loadOf(
  dataset: Dataset,
  { matrix, effectLabels, edges, readerLabels, bookLabels }: TrainingData,
  { threads, isOnGpu }: { readonly threads: number; readonly isOnGpu: boolean },
): Load {
  const [readers, books] = [dataset.readers.ids.length, dataset.books.ids.length];
  const ofReaders = readerLabels.families.includes(BOOKS_MET);
  const ofBooks = bookLabels.families.includes(READERS_MET);
  const ratings = dataset.ratings.value.length;
  const met = ratings + dataset.interactions.reader.length;
  return {
    readers,
    books,
    ratings,
    hasContent: effectLabels.families.length > 0,
    isLatent: edges !== null,
    linkLabels: Number(ofReaders) * books + Number(ofBooks) * readers,
    links: (Number(ofReaders) + Number(ofBooks)) * met,
    ties: mostTies(dataset),
    gpu: isOnGpu ? { threads: threadsFor(threads, matrix.size), longest: longestOf(matrix) } : null,
    candidates: candidateNumbers(effectLabels.families, readers, TUNING_SHARE * ratings),
    threads: listThreads(dataset.readers.ids.length, threads),
  };
}

/**
 * Most ties that there can be. Two common readers make one, so that only books of two readers have any; of what the readers of a book
 * have met beside it each tie takes two, one at least from another than the reader who has met most.
 */
function mostTies({ ratings, interactions, readers, books }: Dataset): number {
  const met = new Int32Array(readers.ids.length);
  const readersOf = new Int32Array(books.ids.length);
  const both = [ratings, interactions];
  const each = (visit: (u: number, i: number) => void): void => {
    for (const { reader, book } of both) {
      reader.forEach((u, n) => {
        visit(u, book[n] ?? 0);
      });
    }
  };
  each((_, i) => (readersOf[i] = (readersOf[i] ?? 0) + 1));
  const canTie = (i: number): boolean => (readersOf[i] ?? 0) >= LEAST_COMMON;
  each((u, i) => (met[u] = (met[u] ?? 0) + (canTie(i) ? 1 : 0)));
  const others = new Float64Array(books.ids.length);
  const most = new Int32Array(books.ids.length);
  each((u, i) => {
    const size = met[u] ?? 0;
    if (!canTie(i) || size > LARGEST_HISTORY) return;
    others[i] = (others[i] ?? 0) + size - 1;
    most[i] = Math.max(most[i] ?? 0, size - 1);
  });
  return others.reduce((sum, all, i) => {
    const ties = Math.min(all / LEAST_COMMON, all - (most[i] ?? 0), TIES_KEPT);
    return sum + Math.floor(ties);
  }, 0);
}
