import { writeFileSync } from 'node:fs';
import { CRD_FILE, customResourceFile } from './crd/custom-resource.ts';

writeFileSync(CRD_FILE, await customResourceFile());
