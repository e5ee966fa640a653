import { z } from 'zod';
import type { LevelMap } from '../model/level-map.ts';
import type { Columns, ColumnValue } from './columns.ts';

const scalarsSchema = z.object({ spread: z.number(), tilt: z.number(), blend: z.number() });

/** The map as columns of an artefact. */
export function levelMapColumns(map: LevelMap): Record<string, ColumnValue> {
  const { spread, tilt, blend, levels, scores, edges, cuts, repair } = map;
  return {
    levelMap: { spread, tilt, blend },
    levels,
    scores,
    ...(edges === null ? {} : { edges }),
    cuts,
    repairBands: repair.bands,
    repairGroup: repair.group,
    repairStart: repair.start,
    repairUpTo: repair.upTo,
    repairMass: repair.mass,
  };
}

/** Reads it back; throws `STORE_CORRUPT`. The arrays are copies, since the bytes may not last. */
export function levelMapFrom(columns: Columns): LevelMap {
  const doubles = (name: string): Float64Array => columns.array(name, Float64Array).slice();
  const integers = (name: string): Int32Array => columns.array(name, Int32Array).slice();
  return {
    ...scalarsSchema.parse(columns.json('levelMap')),
    levels: doubles('levels'),
    scores: doubles('scores'),
    edges: columns.names.includes('edges') ? doubles('edges') : null,
    cuts: doubles('cuts'),
    repair: {
      bands: integers('repairBands'),
      group: integers('repairGroup'),
      start: integers('repairStart'),
      upTo: doubles('repairUpTo'),
      mass: doubles('repairMass'),
    },
  };
}
