import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONDITION_TYPES } from '../contracts/recommender-run.ts';
import { progressSchema } from '../contracts/run.ts';
import { projectFolder } from '../runtime/environment.ts';
import { isReasonOf, jobReason, reasonOfCode, REASONS } from './reasons.ts';

const page = readFileSync(`${projectFolder}/docs/runs.md`, 'utf8');

describe('reasons', () => {
  it('stand in docs/runs.md, all of them and no others', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \| (.*) \|$/gm)].map(
      ([, type, reason, when]) => [type, reason, when],
    );
    const known = Object.entries(REASONS).flatMap(([type, reasons]) =>
      Object.entries(reasons).map(([reason, when]) => [type, reason, when]),
    );
    expect(rows).toEqual(known);
  });

  it('are given for every condition, and one for every phase', () => {
    expect(Object.keys(REASONS).sort()).toEqual([...CONDITION_TYPES].sort());
    const phases = progressSchema.shape.phase.options.map(reasonOfCode);
    expect(phases.filter((phase) => !(phase in REASONS.Progressing))).toEqual([]);
  });

  it('of errors are their codes, and of Jobs the ones that are listed', () => {
    expect(reasonOfCode('DATA_TOO_BAD')).toBe('DataTooBad');
    expect(isReasonOf('DataValid', 'DataTooBad')).toBe(true);
    expect(isReasonOf('DataValid', 'Nonsense')).toBe(false);
    expect(jobReason('PodFailurePolicy')).toBe('PodFailurePolicy');
    expect(jobReason('FailedIndexes')).toBe('JobFailed');
  });
});
