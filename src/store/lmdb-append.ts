import type { RootDatabase } from 'lmdb';
import { ONCE_PREFIX } from './keys.ts';
import type { Append, Appended } from './kv.ts';

type Db = RootDatabase<Buffer, string>;

/** Expired marks that one change removes at most, so that none of them takes long. */
const SWEPT_AT_ONCE = 100;
/** Time between two looks for expired marks. */
const SWEEP_MILLISECONDS = 60_000;

let sweptAt = 0;

/** Carries out changes, in order, in one transaction that is on the disk when it returns: all or none. `now` is in ms since 1970. */
export function appendIn(db: Db, changes: readonly Append[], now: number): Appended[] {
  return db.transactionSync(() => {
    const outcomes = changes.map((change) => appendOne(db, change, now));
    if (now - sweptAt > SWEEP_MILLISECONDS) sweep(db, now);
    return outcomes;
  });
}

function appendOne(db: Db, { counter, lines, once }: Append, now: number): Appended {
  const earlier = markAt(db, once.key, now);
  if (earlier !== null) return earlier;
  const number = Number(textAt(db, counter) ?? '0') + 1;
  db.putSync(counter, Buffer.from(String(number)));
  for (const { key, text, replaces } of lines) {
    const before = replaces ? undefined : db.getBinary(key);
    const line = Buffer.from(`${String(number)} ${text}\n`);
    db.putSync(key, before === undefined ? line : Buffer.concat([before, line]));
  }
  const until = now + 1000 * once.seconds;
  db.putSync(once.key, Buffer.from(`${String(until)} ${String(number)} ${once.text}`));
  return { number, earlier: null };
}

/** The mark of an earlier change, unless it has expired: `UNTIL NUMBER TEXT`. */
function markAt(db: Db, key: string, now: number): { number: number; earlier: string } | null {
  const [, until, number, text = ''] = /^(\d+) (\d+) (.*)$/s.exec(textAt(db, key) ?? '') ?? [];
  return Number(until ?? 0) > now ? { number: Number(number), earlier: text } : null;
}

/** LMDB forgets nothing by itself. */
function sweep(db: Db, now: number): void {
  sweptAt = now;
  const range = { start: ONCE_PREFIX, end: `${ONCE_PREFIX}\x7f` };
  let removed = 0;
  for (const key of [...db.getKeys(range)]) {
    if (markAt(db, key, now) !== null) continue;
    db.removeSync(key);
    if (++removed === SWEPT_AT_ONCE) return;
  }
}

function textAt(db: Db, key: string): string | undefined {
  return db.getBinary(key)?.toString('utf8');
}
