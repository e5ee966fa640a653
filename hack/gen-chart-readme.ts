import { readFileSync, writeFileSync } from 'node:fs';
import { withTable } from './chart/values-table.ts';

const chart = new URL('../charts/bookrec/', import.meta.url);
const readme = new URL('README.md', chart);
const values = readFileSync(new URL('values.yaml', chart), 'utf8');
writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), values));
