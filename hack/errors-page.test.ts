import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/runtime/errors.ts';

describe('docs/errors.md', () => {
  it('lists the codes of the registry and no others, with their status and title', () => {
    const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)];
    const listed = rows.map(([, code, status, retry, title]) => [
      code,
      { status: Number(status), retryable: retry === 'yes', title },
    ]);
    expect(Object.fromEntries(listed)).toEqual(ERRORS);
  });
});
