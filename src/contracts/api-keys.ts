import { z } from 'zod';

/** What a key may be used for: `admin` are lists of people, trainings and what deletes. */
export const SCOPES = ['read', 'feedback', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** One key; the key itself is nowhere but with its holder. */
const apiKeySchema = z.strictObject({
  /** Who holds it, as the log names it. */
  name: z.string().regex(/^[\w.-]{1,64}$/, 'expected letters, digits, ".", "_" and "-"'),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** SHA-256 of the key, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  /** Refused from then on. */
  expires: z.iso.datetime({ offset: true }).optional(),
});

export type ApiKey = z.output<typeof apiKeySchema>;

/** File of all keys. */
export const apiKeysSchema = z.strictObject({
  keys: z
    .array(apiKeySchema)
    .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, {
      message: 'expected a name for one key alone',
    }),
});
