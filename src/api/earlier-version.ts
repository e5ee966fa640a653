import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { LiveVersion } from './live-version.ts';

/** Time without a question after which it leaves the memory. */
const IDLE_SECONDS = 120;
/** Time for which it keeps its place, so that pages of two others do not load them by turns. */
const TURN_SECONDS = 5;

interface Held {
  readonly version: LiveVersion;
  readonly since: number;
  usedAt: number;
}

/** The one version beside the live one that is in memory while somebody turns its pages. */
export class EarlierVersion {
  readonly #load: (id: string) => Promise<LiveVersion | null>;
  readonly #clock: Clock;
  #held: Held | null = null;
  #loading: { readonly id: string; readonly version: Promise<LiveVersion | null> } | null = null;

  /** `load` reads a version from the store; null where it is gone. */
  constructor(load: (id: string) => Promise<LiveVersion | null>, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
  }

  /** Keeps the version that has been live until now, in place of another one. */
  hold(version: LiveVersion): void {
    version.answers.clear();
    const now = this.#clock.seconds();
    this.#held = { version, since: now, usedAt: now };
  }

  /** The version if it is in memory: it goes live again. */
  peek(id: string): LiveVersion | null {
    return this.#held?.version.id === id ? this.#held.version : null;
  }

  /** The version, from memory or the store; null where it is gone. Throws `OVERLOADED` while another one has its turn. */
  async get(id: string): Promise<LiveVersion | null> {
    const held = this.#held;
    const now = this.#clock.seconds();
    if (held?.version.id === id) {
      held.usedAt = now;
      return held.version;
    }
    const isTaken = held !== null && now - held.since < TURN_SECONDS;
    if (isTaken || (this.#loading !== null && this.#loading.id !== id)) throw busy();
    this.#loading ??= { id, version: this.#fetch(id) };
    return this.#loading.version;
  }

  async #fetch(id: string): Promise<LiveVersion | null> {
    try {
      const version = await this.#load(id);
      if (version !== null) this.hold(version);
      return version;
    } finally {
      this.#loading = null;
    }
  }

  /** Frees the memory, for who needs it; who turns pages has the version read again. */
  forget(): void {
    this.#held = null;
  }

  /** Frees the memory when nobody has asked for a while. */
  forgetIdle(): void {
    if (this.#held !== null && this.#clock.seconds() - this.#held.usedAt > IDLE_SECONDS) {
      this.forget();
    }
  }
}

function busy(): AppError {
  return new AppError(
    'OVERLOADED',
    'Pages of another earlier version are being read.',
    'Send it again later, or start again without cursor.',
  );
}
