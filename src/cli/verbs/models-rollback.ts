import { AppError } from '../../runtime/errors.ts';
import type { Store } from '../../store/store.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, withStore } from '../with-store.ts';

export const modelsRollback = defineVerb({
  name: 'models rollback',
  summary: 'Make a version live again; by default the one before the live one',
  operands: ['[version]'],
  settings: STORE_KEYS,
  run: ({ settings, operands, output }) =>
    withStore(settings, async (store) => {
      const from = await store.liveVersion();
      const to = operands[0] ?? (await versionBefore(store));
      const { assertReadable } = await import('../../store/assert-readable.ts');
      await assertReadable(store, to);
      await store.setLive(to);
      output.show({ from, to }, () => `live: ${to} (was ${from ?? 'none'})`);
    }),
});

/** The newest version that is older than the live one; throws `VERSION_NOT_FOUND`. */
async function versionBefore(store: Store): Promise<string> {
  const live = await liveVersion(store);
  const versions = (await store.versions()).map(({ version }) => version);
  const before = versions[versions.indexOf(live) + 1];
  if (before !== undefined) return before;
  throw new AppError(
    'VERSION_NOT_FOUND',
    `no version is older than the live one, ${live}`,
    '`bookrec models list` shows the versions that there are.',
  );
}
