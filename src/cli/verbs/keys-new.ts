import { hash, randomBytes } from 'node:crypto';
import { type ApiKey, apiKeysSchema, type Scope, SCOPES } from '../../contracts/api-keys.ts';
import { settingsError } from '../../runtime/settings.ts';
import { defineVerb } from '../verb.ts';

/** What secret scanners find a leaked key by. */
const PREFIX = 'bookrec_';
const KEY_BYTES = 32;

export const keysNew = defineVerb({
  name: 'keys new',
  summary: `Make a key of the API with its entry for API_KEYS_FILE; scopes: ${SCOPES.join(', ')}`,
  operands: ['<name>', '<scope...>'],
  settings: [],
  run: async ({ operands: [name = '', ...scopes], output }) => {
    const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url');
    const entry = entryOf(name, scopes, key);
    output.show({ key, entry }, () =>
      [
        `Key, shown only now: ${key}`,
        'Entry for the file of keys:',
        `  ${JSON.stringify(entry)}`,
      ].join('\n'),
    );
    return Promise.resolve();
  },
});

/** Throws `BAD_SETTINGS` for what the file would not take. */
function entryOf(name: string, scopes: readonly string[], key: string): ApiKey {
  // Checked on the next line.
  const entry = { name, scopes: [...new Set(scopes)] as Scope[], sha256: hash('sha256', key) };
  const checked = apiKeysSchema.safeParse({ keys: [entry] });
  if (checked.success) return entry;
  throw settingsError(
    checked.error.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`),
  );
}
