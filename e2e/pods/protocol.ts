/** What the harness and the client pod say to each other, one JSON line each. */

/** A stream's answers of one model version. */
export interface SeenVersion {
  readonly name: string;
  /** When the first and the last of them came, in milliseconds since 1970. */
  readonly first: number;
  last: number;
  /** Digests of the bodies: more than one means that answers of one version differ. */
  readonly digests: string[];
}

/** What became of a stream of requests. */
export interface StreamReport {
  answered: number;
  readonly failures: Array<{ readonly at: number; readonly message: string }>;
  readonly versions: SeenVersion[];
}

export interface Ask {
  readonly kind: 'ask';
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export type Command = { readonly id: number } & (
  | Ask
  | {
      kind: 'start';
      stream: string;
      url: string;
      headers: Record<string, string>;
      loops: number;
      /** Milliseconds between an answer and the next request of a loop. */
      pauseMs: number;
    }
  | { kind: 'look' | 'stop'; stream: string }
);

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}
