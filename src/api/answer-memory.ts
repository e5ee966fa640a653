import type { Answer } from './answer.ts';

/** An answer about a reader, encoded. */
export interface Kept {
  readonly url: string;
  /** All of the answer but its body. */
  readonly head: Omit<Answer, 'body' | 'reader'> & Required<Pick<Answer, 'reader'>>;
  /** Number of the last feedback of anybody when it was seen to hold; null before. Without another one it still does. */
  heldAt: number | null;
}

/** A kept answer and the bytes of its body, `from .. to`. */
interface Entry extends Kept {
  readonly from: number;
  readonly to: number;
  /** The one that was put in after it. */
  next: Entry | null;
}

/** Bytes of a body that are kept at most; and those that it counts at least, since what is beside it takes 400 or so. */
const LARGEST = 256 * 1024;
const LEAST = 2048;
/** Of those URLs nobody asks twice. */
const LONGEST_URL = 256;

/**
 * Encoded answers by URL. Their bodies are in one ring of bytes, where each new one takes the place of the oldest ones: so the memory
 * is bounded, and answers that go are no garbage to collect. An answer that is asked for again after it went is made anew.
 */
export class AnswerMemory {
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  /** Taken from the system when the first answer comes. */
  #bytes: Buffer<ArrayBuffer> | null = null;
  /** Where the next body goes. */
  #at = 0;
  #oldest: Entry | null = null;
  #newest: Entry | null = null;

  /** With room for so many bytes of bodies, several times that of the largest. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(url: string): Kept | undefined {
    return this.#entries.get(url);
  }

  /** The whole answer; null where it is not kept any more. */
  answerOf(kept: Kept): Answer | null {
    const entry = this.#entries.get(kept.url);
    if (entry !== kept || this.#bytes === null) return null;
    const { from, to, head } = entry;
    // a copy: the bytes may be others by the time that the client takes them
    const { status, headers, source = '', reader } = head;
    const body = this.#bytes.toString('latin1', from, to);
    return { status, headers, body, isBytes: true, source, reader };
  }

  /** Keeps the answer, in place of the one of the same URL; not one that is very large. */
  set(url: string, head: Kept['head'], body: string): void {
    const length = Buffer.byteLength(body);
    if (length > LARGEST || url.length > LONGEST_URL) return;
    this.#bytes ??= Buffer.allocUnsafeSlow(this.#capacity);
    const from = this.#roomFor(Math.max(LEAST, length));
    const to = from + this.#bytes.write(body, from);
    const entry = { url, head, heldAt: null, from, to, next: null };
    this.#entries.set(url, entry);
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
  }

  /** Forgets all, and gives the memory back at once. */
  clear(): void {
    this.#bytes?.buffer.transfer(0);
    this.#bytes = null;
    this.#entries.clear();
    this.#oldest = this.#newest = null;
    this.#at = 0;
  }

  /** Where so many bytes can be written, the answers there being forgotten: they are the oldest ones. */
  #roomFor(length: number): number {
    if (this.#at + length > this.#capacity) {
      this.#forget(this.#at, this.#capacity);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += length;
    this.#forget(from, this.#at);
    return from;
  }

  #forget(from: number, to: number): void {
    for (;;) {
      const entry = this.#oldest;
      if (entry === null || entry.from < from || entry.from >= to) return;
      if (this.#entries.get(entry.url) === entry) this.#entries.delete(entry.url);
      this.#oldest = entry.next;
      if (this.#oldest === null) this.#newest = null;
      // else a long gone one would keep all that came after it
      entry.next = null;
    }
  }
}
