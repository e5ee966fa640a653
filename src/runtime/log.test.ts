import { describe, expect, it } from 'vitest';
import { AppError } from './errors.ts';
import { createLog } from './log.ts';

function linesOf(format: 'json' | 'text', write: (log: ReturnType<typeof createLog>) => void) {
  const lines: string[] = [];
  write(createLog({ level: 'info', format }, { write: (line: string) => void lines.push(line) }));
  return lines;
}

const recordOf = (write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown> =>
  JSON.parse(linesOf('json', write)[0] ?? '') as Record<string, unknown>;

describe('log', () => {
  it('writes one JSON object a line, with the level by name', () => {
    const record = recordOf((log) => {
      log.info({ sweep: 3 }, 'sweep done');
    });
    expect(record).toMatchObject({ level: 'info', sweep: 3, msg: 'sweep done' });
    expect(new Date(String(record['time'])).getTime()).not.toBeNaN();
  });

  it('leaves out what is below its level', () => {
    expect(
      linesOf('json', (log) => {
        log.debug({}, 'detail');
      }),
    ).toEqual([]);
  });

  it('hides secrets, nested ones too', () => {
    const line = linesOf('json', (log) => {
      log.info(
        { password: 'one', req: { headers: { authorization: 'two', cookie: 'three' } } },
        'x',
      );
    }).join('');
    expect(line).not.toMatch(/one|two|three/);
    expect(line).toContain('[redacted]');
  });

  it('describes errors by code, hint and cause, and drops what clients hang on them', () => {
    const cause = Object.assign(new Error('away'), { command: { args: ['AUTH', 'hush'] } });
    const error = new AppError('STORE_UNAVAILABLE', 'no answer', 'Start it.', { cause });
    const record = recordOf((log) => {
      log.error({ err: error }, 'failed');
    });
    expect(record['err']).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'no answer',
      hint: 'Start it.',
      cause: { message: 'away' },
    });
    expect(JSON.stringify(record)).not.toContain('hush');
  });

  it('writes readable lines where text is asked for', () => {
    const lines = linesOf('text', (log) => {
      log.warn({ sweep: 3 }, 'slow');
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/WARN.*slow.*"?sweep"?:3/);
  });
});
