import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { valuesJsonSchema } from './chart/values-schema.ts';

const file = fileURLToPath(new URL('../charts/bookrec/values.schema.json', import.meta.url));
const options = { ...(await resolveConfig(file)), filepath: file };
writeFileSync(file, await format(JSON.stringify(valuesJsonSchema()), options));
