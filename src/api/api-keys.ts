import { hash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiKey, apiKeysSchema, type Scope } from '../contracts/api-keys.ts';
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

/** A key as it is compared. */
interface Known {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** SHA-256 of the key, 32 bytes. */
  readonly digest: Buffer;
  /** Ms since 1970. */
  readonly expires: number;
}

/** Who holds a key, and what it is good for. */
export type KeyHolder = Pick<Known, 'name' | 'scopes'>;

/**
 * The keys of a file, which is read again when it changes. A key is random and long (`bookrec keys new`), so that its
 * SHA-256 tells nothing of it and one round of it is enough.
 */
export class ApiKeys {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #text = '';
  #known: readonly Known[] = [];
  #failed = false;

  private constructor(file: string, clock: Clock, log: Log) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
  }

  /** Reads the file; throws `BAD_SETTINGS` where that is not possible. */
  static async open(file: string, clock: Clock, log: Log): Promise<ApiKeys> {
    const keys = new ApiKeys(file, clock, log);
    await keys.#read();
    return keys;
  }

  /** Who holds this key; null for one that is not known or has expired. Compares with all of them in constant time. */
  holder(key: string): KeyHolder | null {
    const digest = hash('sha256', key, 'buffer');
    let found: Known | null = null;
    for (const known of this.#known) if (timingSafeEqual(known.digest, digest)) found = known;
    return found !== null && found.expires > this.#clock.now().getTime() ? found : null;
  }

  /** Reads the file again where it has changed. What cannot be read is logged once, and the keys before it hold on. */
  async refresh(): Promise<void> {
    try {
      await this.#read();
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#log.error({ err: error }, 'keys stay as they were');
      this.#failed = true;
    }
  }

  /** Refreshes until the signal aborts. A mounted Secret is swapped by a link, which no watch on the file sees. */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
      await this.refresh();
    }
  }

  async #read(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch((cause: unknown) => {
      throw unreadable(this.#file, 'cannot be read', cause);
    });
    if (text === this.#text && this.#known.length > 0) return;
    this.#known = parse(text, this.#file).map((key) => ({
      name: key.name,
      scopes: new Set(key.scopes),
      digest: Buffer.from(key.sha256, 'hex'),
      expires: key.expires === undefined ? Infinity : Date.parse(key.expires),
    }));
    this.#text = text;
    this.#log.info({ keys: this.#known.map(({ name }) => name) }, 'keys read');
  }
}

function parse(text: string, file: string): readonly ApiKey[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message repeats a part of the file.
    throw unreadable(file, 'is not JSON');
  }
  const result = apiKeysSchema.safeParse(content);
  if (result.success) return result.data.keys;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw unreadable(file, `is not valid: ${issues.join('; ')}`);
}

function unreadable(file: string, what: string, cause?: unknown): AppError {
  return new AppError(
    'BAD_SETTINGS',
    `The file of keys ${file} ${what}`,
    'Write {"keys": [...]} with what `bookrec keys new` prints.',
    { cause },
  );
}
