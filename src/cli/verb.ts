import type { SettingKey, Settings } from '../contracts/settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Output } from './output.ts';

/** Settings that every verb has. */
export type CommonKey = 'logLevel' | 'logFormat';

/** What a verb works with. */
export interface VerbContext<K extends SettingKey = SettingKey> {
  readonly settings: Pick<Settings, K | CommonKey>;
  /** Values of the verb's operands, in their order. */
  readonly operands: readonly string[];
  readonly log: Log;
  readonly output: Output;
  /** Aborts on SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** One command of `bookrec`. */
export interface Verb<K extends SettingKey = SettingKey> {
  /** As typed, such as `train` or `models list`. */
  readonly name: string;
  readonly summary: string;
  /** Operands that follow, `<needed>` or `[optional]`; the last one may be repeated, `<file...>`. */
  readonly operands?: readonly string[];
  /** The settings that concern it. */
  readonly settings: readonly K[];
  /** Imports its implementation when called, so that no verb loads the code of another. */
  run(context: VerbContext<K>): Promise<void>;
}

/** Ties the type of a verb's settings to their list. */
export const defineVerb = <K extends SettingKey>(verb: Verb<K>): Verb => verb;
