/**
 * Turns the TypeScript of a folder into JavaScript in place, for images: to strip types at each start would take 25 MiB
 * and a quarter of a second. Lines and columns stay what they are.
 */
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

const [folder = 'src'] = process.argv.slice(2);
/** A relative path to a module, in whatever quotes. */
const PATH = /(['"`])(\.{1,2}\/[^'"`\n]*)\.ts\1/g;

for (const file of globSync(`${folder}/**/*.ts`)) {
  const text = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  writeFileSync(file.replace(/\.ts$/, '.js'), text.replaceAll(PATH, '$1$2.js$1'));
  rmSync(file);
}
