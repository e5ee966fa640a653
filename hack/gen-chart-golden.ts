import { writeFileSync } from 'node:fs';
import { goldenCases, goldenFile, goldenText, renderFile, valuesFile } from './chart/helm.ts';

for (const name of goldenCases()) {
  const { ok, text } = renderFile(valuesFile(name));
  if (!ok) throw new Error(`${name}: ${text}`);
  writeFileSync(goldenFile(name), goldenText(text));
}
