import { ACTIVITY_BANDS as BANDS, bandOf } from '../../model/activity-bands.ts';
import {
  type LevelMap,
  levelProbabilities,
  massAt,
  ratingSd,
  type Repair,
} from '../../model/level-map.ts';

/** Predictions of rows that the model has not seen, as columns. */
export interface UnseenRows {
  /** Index of the observed level. */
  readonly level: Int32Array;
  /** Latent mean and variance. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** How many ratings of its reader and of its book each is predicted from. */
  readonly readerRatings: Int32Array;
  readonly bookRatings: Int32Array;
}

/** Fewest rows of a group of activity. */
const MIN_GROUP_ROWS = 400;
/** Rows that a table by spread is more for ... */
const TABLE_ROWS = 200;
/** ... up to so many tables. */
const MAX_TABLES = 16;
/** A table is made from the rows within this rank distance of its middle ... */
const WINDOW = 0.08;
/** ... or from so many rows where these are more. */
const WINDOW_ROWS = 800;
/** Points of a table: one for each percent. */
const POINTS = 101;

/** Tables by spread. */
interface Tables {
  /** Largest standard deviation of each; infinite for the last. */
  readonly upTo: readonly number[];
  readonly tables: ReadonlyArray<readonly number[]>;
}

/**
 * Split conformal: the score of a row is the nominal mass of the smallest central interval that covers it, and a table holds the
 * quantiles of the scores of its rows, with the finite-sample correction (n + 1). First by activity and by spread within it; then, since a
 * group has few rows for that, what these tables still get wrong by spread alone is repaired in the same way over all rows.
 */
export function fitRepair(map: LevelMap, rows: UnseenRows): Repair {
  const { scores, sd } = conformity(map, rows);
  const { group, members } = activityGroups(rows);
  const byGroup = members.map((own) => bySpread(own, sd, scores));
  const shares = new Float64Array(scores.length);
  members.forEach((own, g) => {
    for (const n of own) shares[n] = shareOf(tableAt(byGroup[g], sd[n]), scores[n]);
  });
  const overAll = bySpread(Int32Array.from(sd.keys()), sd, shares);
  const both = byGroup.map((tables) => composed(tables, overAll));
  const start = [0];
  for (const { upTo } of both) start.push(start[start.length - 1] + upTo.length);
  return {
    bands: BANDS,
    group,
    start: Int32Array.from(start),
    upTo: Float64Array.from(both.flatMap(({ upTo }) => upTo)),
    mass: Float64Array.from(both.flatMap(({ tables }) => tables).flat()),
  };
}

/** Tables of the quantiles of `scores` over the given rows. */
function bySpread(rows: Int32Array, sd: Float64Array, scores: Float64Array): Tables {
  const count = rows.length;
  const order = rows.toSorted((a, b) => sd[a] - sd[b] || a - b);
  const tables = Math.max(1, Math.min(MAX_TABLES, Math.floor(count / TABLE_ROWS)));
  const reach = Math.max(WINDOW, 0.5 / tables, WINDOW_ROWS / 2 / count);
  const places = Array.from({ length: tables }, (_, t) => t);
  return {
    upTo: places.map((t) =>
      t + 1 < tables ? sd[order[Math.floor(((t + 1) * count) / tables)]] : Infinity,
    ),
    tables: places.map((t) => {
      const middle = (t + 0.5) / tables;
      const from = Math.floor(Math.max(0, middle - reach) * count);
      return quantiles(
        order.subarray(from, Math.ceil(Math.min(1, middle + reach) * count)),
        scores,
      );
    }),
  };
}

function quantiles(rows: Int32Array, scores: Float64Array): number[] {
  const sorted = Float64Array.from(rows, (n) => scores[n]).sort();
  return Array.from({ length: POINTS }, (_, c) => {
    const rank = Math.ceil((sorted.length + 1) * (c / (POINTS - 1)));
    return rank === 0 ? 0 : rank > sorted.length ? 1 : sorted[rank - 1];
  });
}

function tableAt({ upTo, tables }: Tables, sd: number): readonly number[] {
  return tables[upTo.findIndex((most) => sd <= most)];
}

/** Share that a table gives to a mass. */
function shareOf(table: readonly number[], mass: number): number {
  let c = 0;
  while (c + 2 < POINTS && table[c + 1] < mass) c++;
  const gap = table[c + 1] - table[c];
  const within = gap > 0 ? (mass - table[c]) / gap : 0.5;
  return (c + Math.min(1, Math.max(0, within))) / (POINTS - 1);
}

/** Tables that give to a share what `inner` gives to the share that `outer` makes of it. */
function composed(inner: Tables, outer: Tables): Tables {
  const upTo = [...new Set([...inner.upTo, ...outer.upTo])].sort((a, b) => a - b);
  const tables = upTo.map((most) =>
    tableAt(outer, most).map((share) => massAt(tableAt(inner, most), 0, POINTS, share)),
  );
  return { upTo, tables };
}

/**
 * Groups of activity with enough rows each: neighbouring bands of books are taken together until each has enough, then, within each,
 * neighbouring bands of readers.
 */
function activityGroups({
  readerRatings,
  bookRatings,
}: Pick<UnseenRows, 'readerRatings' | 'bookRatings'>): {
  group: Int32Array;
  members: Int32Array[];
} {
  const bands = BANDS.length;
  const cellOf = readerRatings.map(
    (ratings, n) => bandOf(BANDS, ratings) * bands + bandOf(BANDS, bookRatings[n]),
  );
  const count = new Int32Array(bands * bands);
  for (const cell of cellOf) count[cell]++;
  const all = Array.from(BANDS.keys());
  const rowsIn = (readers: readonly number[], books: readonly number[]): number =>
    readers.flatMap((r) => books.map((b) => count[r * bands + b])).reduce((a, b) => a + b, 0);
  const group = new Int32Array(bands * bands);
  let groups = 0;
  for (const books of joined(all, (some) => rowsIn(all, some))) {
    for (const readers of joined(all, (some) => rowsIn(some, books))) {
      for (const r of readers) for (const b of books) group[r * bands + b] = groups;
      groups++;
    }
  }
  const members = Array.from({ length: groups }, (_, g) =>
    Int32Array.from(cellOf.keys()).filter((n) => group[cellOf[n]] === g),
  );
  return { group, members };
}

/** Runs of neighbours with enough rows each; what is left at the end goes with the last. */
function joined(bands: readonly number[], rowsIn: (some: readonly number[]) => number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const band of bands) {
    run.push(band);
    if (rowsIn(run) < MIN_GROUP_ROWS) continue;
    runs.push(run);
    run = [];
  }
  const last = runs.pop() ?? [];
  return [...runs, [...last, ...run]];
}

/** By row: nominal mass of the smallest central interval that covers it, and the rating's standard deviation. */
function conformity(map: LevelMap, rows: UnseenRows): { scores: Float64Array; sd: Float64Array } {
  const prob = new Float64Array(map.levels.length);
  const sd = new Float64Array(rows.level.length);
  const scores = Float64Array.from(rows.level, (level, n) => {
    levelProbabilities(map, rows.mean[n], rows.variance[n], prob, 0);
    sd[n] = ratingSd(map, prob, 0);
    let below = 0;
    for (let l = 0; l < level; l++) below += prob[l];
    return Math.abs(2 * (below + prob[level] / 2) - 1);
  });
  return { scores, sd };
}
