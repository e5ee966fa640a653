import { type Settings, settingsSchema } from '../contracts/settings.ts';

/** All settings at their defaults but these; small enough a training for tests. */
export function batchSettings(given: Partial<Settings> & Pick<Settings, 'data'>): Settings {
  return { ...settingsSchema.parse({}), rank: 2, sweeps: 12, threads: 1, listLength: 20, ...given };
}
