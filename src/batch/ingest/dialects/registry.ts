import { bookcrossingCsv, bookcrossingDump } from './bookcrossing.ts';
import type { Dialect } from './dialect.ts';

/** Every layout of files that ingest can read; the first that fits is taken. */
export const DIALECTS: readonly Dialect[] = [bookcrossingDump, bookcrossingCsv];
