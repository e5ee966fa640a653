import type { RunRecord } from '../contracts/run.ts';

/**
 * A record that says `running` but was last written before `since`, ms since 1970, as that of a lost run: its process
 * was killed before it could say so. Any other record is returned as it is.
 */
export function asLostIfSilent(record: RunRecord, since: number): RunRecord {
  if (record.state !== 'running' || Date.parse(record.updatedAt) >= since) return record;
  return {
    ...record,
    state: 'lost',
    finishedAt: record.updatedAt,
    error: {
      code: 'CANCELLED',
      message: `The run fell silent in phase ${record.progress.phase}: its process was killed, or its machine is gone`,
      hint: 'Look whether it ran out of memory, and start it again.',
    },
  };
}
