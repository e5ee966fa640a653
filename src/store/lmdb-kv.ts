import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { open, type RootDatabase } from 'lmdb';
import { AppError } from '../runtime/errors.ts';
import { segment } from './keys.ts';
import type { Append, Appended, Kv, Member } from './kv.ts';
import { appendIn } from './lmdb-append.ts';
import { type Limit, type Limiter, memoryLimiter } from './limiter.ts';
import { type Entry, type PortionLimits, portions } from './portions.ts';
import { corrupt, full, unavailable } from './store-error.ts';

/** Writes of one transaction: enough to share one flush, few enough to let another writer in. */
const TRANSACTION: PortionLimits = { entries: 4096, bytes: 8 * 1024 * 1024 };

/** Sorts after every key that starts with the prefix, since keys are printable ASCII. */
const AFTER_PREFIX = '\x7f';

/** LMDB's magic number and its place in the data file, after the header of the first page. */
const MARK = 0xbeefc0de;
const MARK_AT = 24;

/** LMDB's "map full" and the system's "no space left", "quota exceeded" and "file too large". */
const FULL_CODES: ReadonlySet<unknown> = new Set([
  -30792,
  28,
  122,
  27,
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
]);

/** "Input/output error": LMDB reports so a disk that took only a part of a page. */
const INPUT_OUTPUT = 5;

/** LMDB's "page not found", "corrupted", "version mismatch" and "not an LMDB file". */
const CORRUPT_CODES: ReadonlySet<unknown> = new Set([-30797, -30796, -30794, -30793]);

/**
 * Opens the directory as one LMDB environment, which several processes can share; creates it if
 * need be. Throws `STORE_UNAVAILABLE` if it cannot be opened.
 */
export function openLmdb(path: string): Kv {
  const address = `lmdb:${path}`;
  try {
    makeDirectory(path);
    refuseForeignFile(join(path, 'data.mdb'));
    // Each commit is on the disk before it is reported, so that a flipped pointer stays flipped.
    const db = open<Buffer, string>({
      path,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
    });
    // Frees the places of readers that were killed; LMDB has 126 of them.
    db.readerCheck();
    return new LmdbKv(address, path, db);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (CORRUPT_CODES.has(codeOf(cause))) throw corrupt(`${address} is damaged`, cause);
    throw unavailable(
      `The store ${address} cannot be opened: ${cause instanceof Error ? cause.message : 'unknown error'}`,
      'Give a directory that this user may read and write, on a local disk.',
      cause,
    );
  }
}

/** One level at a time: Node's own `recursive` never ends below /proc. */
function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const level of missing) {
    try {
      mkdirSync(level);
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!existsSync(level)) throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw new Error(`${path} is not a directory`);
}

/** LMDB crashes the process on a file that is not its own; what it wrote starts with a mark. */
function refuseForeignFile(file: string): void {
  if (!existsSync(file)) return;
  const start = Buffer.alloc(MARK_AT + 4);
  const descriptor = openSync(file, 'r');
  const read = readSync(descriptor, start);
  closeSync(descriptor);
  // An empty file is what a first opening that was killed leaves; LMDB fills it.
  if (read === 0 || (read === start.length && start.readUInt32LE(MARK_AT) === MARK)) return;
  throw corrupt(`${file} is not a store of this product`);
}

interface WaitingAppend {
  readonly change: Append;
  readonly resolve: (outcome: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes are synchronous transactions: as fast as LMDB's own thread, and a failed one throws its
 * cause here. Between two of them the event loop gets its turn.
 */
class LmdbKv implements Kv {
  readonly address: string;
  readonly #path: string;
  readonly #db: RootDatabase<Buffer, string>;
  #closed = false;
  #appends: WaitingAppend[] = [];

  constructor(address: string, path: string, db: RootDatabase<Buffer, string>) {
    this.address = address;
    this.#path = path;
    this.#db = db;
  }

  async ping(): Promise<void> {
    await this.get('ping');
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#run(() => this.#db.getBinary(key) ?? null);
  }

  getMany(keys: readonly string[]): Promise<Array<Uint8Array | null>> {
    return this.#run(() => keys.map((key) => this.#db.getBinary(key) ?? null));
  }

  put(key: string, value: Uint8Array): Promise<void> {
    return this.putMany([[key, value]]);
  }

  putMany(entries: readonly Entry[]): Promise<void> {
    return this.#run(async () => {
      for (const portion of portions(entries, TRANSACTION)) {
        this.#db.transactionSync(() => {
          for (const [key, value] of portion) this.#db.putSync(key, asBuffer(value));
        });
        await turn();
      }
    });
  }

  append(change: Append): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const first = this.#appends.push({ change, resolve, reject }) === 1;
      if (first) setImmediate(() => void this.#commitAppends());
    });
  }

  /** Changes that come in one turn of the event loop, as from many connections, share a transaction and so its flush to the disk. */
  async #commitAppends(): Promise<void> {
    const waiting = this.#appends;
    this.#appends = [];
    const changes = waiting.map(({ change }) => change);
    try {
      const outcomes = await this.#run(() => appendIn(this.#db, changes, Date.now()));
      for (const [n, { resolve, reject }] of waiting.entries()) {
        const outcome = outcomes[n];
        if (outcome === undefined) reject(new TypeError('a change without an outcome'));
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  delete(key: string): Promise<void> {
    return this.#run(() => {
      this.#db.removeSync(key);
    });
  }

  deletePrefix(prefix: string): Promise<void> {
    return this.#run(async () => {
      for (;;) {
        const keys = this.#keysFrom(prefix, prefix);
        if (keys.length === 0) return;
        this.#db.transactionSync(() => {
          for (const key of keys) this.#db.removeSync(key);
        });
        await turn();
      }
    });
  }

  async *keysWith(prefix: string): AsyncGenerator<string[]> {
    for (let from = prefix; ;) {
      const keys = await this.#run(() => this.#keysFrom(prefix, from));
      const last = keys.at(-1);
      if (last === undefined) return;
      yield keys;
      // The least key after it: keys are printable.
      from = `${last}\x01`;
    }
  }

  #keysFrom(prefix: string, start: string): string[] {
    const range = { start, end: prefix + AFTER_PREFIX, limit: TRANSACTION.entries };
    return [...this.#db.getKeys(range)];
  }

  addMember(set: string, name: string, score: number): Promise<void> {
    return this.put(memberKey(set, name), Buffer.from(JSON.stringify([name, score]), 'utf8'));
  }

  removeMember(set: string, name: string): Promise<void> {
    return this.delete(memberKey(set, name));
  }

  members(set: string, limit = Infinity): Promise<Member[]> {
    return this.#run(() => {
      const start = memberKey(set, '');
      const range = this.#db.getRange({ start, end: start + AFTER_PREFIX });
      const members = [...range].map(({ value }) => parseMember(value));
      members.sort((a, b) => b.score - a.score || (a.name < b.name ? 1 : -1));
      return members.slice(0, limit);
    });
  }

  async snapshot(): Promise<void> {
    // Every commit is on the disk already.
  }

  limiter(limit: Limit): Promise<Limiter> {
    return memoryLimiter(limit);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#db.close();
  }

  /** Runs an operation; whatever LMDB throws leaves as an `AppError`. */
  async #run<T>(operation: () => T | Promise<T>): Promise<T> {
    if (this.#closed) throw unavailable(`The store ${this.address} is closed`, 'Open it again.');
    try {
      // LMDB's client keeps its snapshot for a while; what others have written must be seen now.
      this.#db.resetReadTxn();
      return await operation();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw this.#error(cause);
    }
  }

  #diskIsFull(): boolean {
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize < 2 * TRANSACTION.bytes;
  }

  #error(cause: unknown): AppError {
    const code = codeOf(cause);
    if (FULL_CODES.has(code) || (code === INPUT_OUTPUT && this.#diskIsFull())) {
      return full(
        `No room is left for ${this.address}`,
        'Free disk space, or keep fewer versions.',
        cause,
      );
    }
    if (CORRUPT_CODES.has(code)) return corrupt(`${this.address} is damaged`, cause);
    return unavailable(`${this.address} cannot be used`, 'Look at its directory and disk.', cause);
  }
}

function memberKey(set: string, name: string): string {
  return `${set}:${segment(name)}`;
}

function parseMember(value: Buffer): Member {
  const parsed: unknown = JSON.parse(value.toString('utf8'));
  if (!Array.isArray(parsed)) throw corrupt('A member of a stored set is not a pair');
  const [name, score] = parsed as unknown[];
  if (typeof name !== 'string' || typeof score !== 'number') {
    throw corrupt('A member of a stored set is not a name and a score');
  }
  return { name, score };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
