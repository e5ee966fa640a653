import type { Ranking } from '../../contracts/metrics.ts';
import { AppError } from '../../runtime/errors.ts';
import { mean } from './metrics.ts';
import { LIST_LENGTH, type RankingTask } from './ranking-task.ts';

/** Books for one reader, best first, as indices of the data set; only the first 20 count. */
export type BookList = ArrayLike<number>;

/** Ranking figures, and those of each reader of the task for the bootstrap. */
export interface RankingScores {
  readonly ranking: Ranking;
  readonly ndcg10: Float64Array;
  readonly recall20: Float64Array;
}

const NDCG_LENGTH = 10;

/**
 * Measures one list for each reader of the task, in its order. Throws `INTERNAL` for a list with a
 * book that is no candidate (not listed, known to the reader, or twice), which would flatter it.
 */
export function scoreRanking(task: RankingTask, lists: readonly BookList[]): RankingScores {
  if (lists.length !== task.readers.length) {
    throw notCandidate(`${lists.length} lists came for ${task.readers.length} readers`);
  }
  lists.forEach((list, n) => {
    checkCandidates(task, n, list);
  });
  const ndcg10 = Float64Array.from(lists, (list, n) => ndcg(list, task.relevant[n]));
  const recall20 = Float64Array.from(lists, (list, n) => recall(list, task.relevant[n]));
  const reciprocal = Float64Array.from(lists, (list, n) => reciprocalRank(list, task.relevant[n]));
  const measured = lists.length > 0;
  return {
    ranking: {
      readers: lists.length,
      ndcg10: measured ? mean(ndcg10) : 0,
      recall20: measured ? mean(recall20) : 0,
      mrr: measured ? mean(reciprocal) : 0,
      ...variety(task, lists),
    },
    ndcg10,
    recall20,
  };
}

/** NDCG@10 of one list with relevance 0 or 1; `relevant` has at least one book. */
export function ndcg(list: BookList, relevant: Int32Array): number {
  let gain = 0;
  let ideal = 0;
  for (let rank = 0; rank < NDCG_LENGTH; rank++) {
    const discounted = 1 / Math.log2(rank + 2);
    if (rank < list.length && relevant.includes(list[rank])) gain += discounted;
    if (rank < relevant.length) ideal += discounted;
  }
  return gain / ideal;
}

/** Share of the relevant books that are in the first 20. */
export function recall(list: BookList, relevant: Int32Array): number {
  let hits = 0;
  for (let rank = 0; rank < Math.min(list.length, LIST_LENGTH); rank++) {
    if (relevant.includes(list[rank])) hits++;
  }
  return hits / relevant.length;
}

/** 1 / rank of the first relevant book of the first 20, or 0. */
export function reciprocalRank(list: BookList, relevant: Int32Array): number {
  for (let rank = 0; rank < Math.min(list.length, LIST_LENGTH); rank++) {
    if (relevant.includes(list[rank])) return 1 / (rank + 1);
  }
  return 0;
}

/** Catalogue coverage and novelty of the lists' first 10 books. */
function variety(
  task: RankingTask,
  lists: readonly BookList[],
): Pick<Ranking, 'catalogueCoverage' | 'novelty'> {
  const shown = new Set<number>();
  let bits = 0;
  let count = 0;
  for (const list of lists) {
    for (let rank = 0; rank < Math.min(list.length, NDCG_LENGTH); rank++) {
      const book = list[rank];
      shown.add(book);
      bits -= Math.log2((task.popularity[book] + 1) / (task.readerCount + 1));
      count++;
    }
  }
  const listed = task.listed.reduce((sum, flag) => sum + flag, 0);
  return {
    catalogueCoverage: listed === 0 ? 0 : shown.size / listed,
    novelty: count === 0 ? 0 : bits / count,
  };
}

function checkCandidates(task: RankingTask, n: number, list: BookList): void {
  const unwanted = new Set(task.met[n]);
  for (let rank = 0; rank < Math.min(list.length, LIST_LENGTH); rank++) {
    const book = list[rank];
    if (task.listed[book] !== 1 || unwanted.has(book)) {
      throw notCandidate(`book ${book} is no candidate for reader ${task.readers[n]}`);
    }
    unwanted.add(book);
  }
}

function notCandidate(problem: string): AppError {
  return new AppError(
    'INTERNAL',
    `Ranking cannot be measured: ${problem}`,
    'Lists for a ranking task must follow its readers, `listed` and `met`.',
  );
}
