import { type Settings, settingsSchema } from '../contracts/settings.ts';

/** All settings at their defaults but these; small enough a training for tests, and the same on a machine with a GPU. */
export function batchSettings(given: Partial<Settings> & Pick<Settings, 'data'>): Settings {
  const small = { rank: 2, sweeps: 12, threads: 1, listLength: 20, backend: 'cpu' } as const;
  return { ...settingsSchema.parse({}), ...small, ...given };
}
