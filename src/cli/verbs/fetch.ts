import { environment } from '../../runtime/environment.ts';
import { defineVerb } from '../verb.ts';

export const fetchData = defineVerb({
  name: 'fetch',
  summary: 'Download data files, each as URL#sha256=CHECKSUM (http, https or s3), into --data',
  operands: ['<file...>'],
  settings: ['data'],
  run: async ({ settings, operands, log, signal, output }) => {
    const { fetchFiles } = await import('../../batch/fetch-files.ts');
    const bucket = { variables: environment(), signal };
    const files = await fetchFiles(operands, settings.data, bucket, log);
    output.show(files, () => files.map(({ name, bytes }) => `${name}: ${bytes} bytes`).join('\n'));
  },
});
