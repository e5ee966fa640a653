import { bookcrossingCsv, bookcrossingDump } from './bookcrossing.ts';
import type { Dialect } from './dialect.ts';
import { generic } from './generic.ts';
import { movielens100k, movielensCsv, movielensDat } from './movielens.ts';

/** Every layout of files that ingest can read; the first that fits is taken. */
export const DIALECTS: readonly Dialect[] = [
  bookcrossingDump,
  bookcrossingCsv,
  movielens100k,
  movielensDat,
  movielensCsv,
  generic,
];
