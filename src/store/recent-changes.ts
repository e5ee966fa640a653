import type { Append } from './kv.ts';

/** Memory for changes, bytes; the oldest go first. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What a change takes beside its texts. */
const OVERHEAD = 300;
/** Time before the end of its mark at which a change is not sent any more, seconds: a server may take that long to answer. */
const MARGIN_SECONDS = 60;

interface Recent {
  readonly change: Append;
  /** Until then the server knows by the mark whether it has the change; seconds of the process's own clock. */
  readonly until: number;
  readonly bytes: number;
}

/** Changes that a server has acknowledged, and may still lose when it ends before it has written a snapshot. */
export class RecentChanges {
  readonly #seconds: number;
  #changes: Recent[] = [];
  #bytes = 0;

  /** Changes are kept for `seconds`, less a margin: as long as their marks last at the least. */
  constructor(seconds: number) {
    this.#seconds = seconds - MARGIN_SECONDS;
  }

  /** `now` in seconds from an arbitrary start. */
  add(change: Append, now: number): void {
    const texts = change.lines.reduce((sum, { key, text }) => sum + key.length + text.length, 0);
    const bytes = OVERHEAD + 2 * texts;
    this.#changes.push({ change, until: now + this.#seconds, bytes });
    this.#bytes += bytes;
    this.#drop(now);
  }

  /** Those that can be sent again, oldest first. */
  at(now: number): Append[] {
    this.#drop(now);
    return this.#changes.map(({ change }) => change);
  }

  #drop(now: number): void {
    let gone = 0;
    for (const { until, bytes } of this.#changes) {
      if (until > now && this.#bytes <= MOST_BYTES) break;
      this.#bytes -= bytes;
      gone++;
    }
    if (gone > 0) this.#changes.splice(0, gone);
  }
}
