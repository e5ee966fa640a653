import { SERVE_KEYS, serve } from '../serve.ts';
import { defineVerb } from '../verb.ts';

export const api = defineVerb({
  name: 'api',
  summary: 'Serve the published model over HTTP',
  settings: SERVE_KEYS,
  run: async (context) => {
    const { versionCodec } = await import('../../store/model-codec.ts');
    await serve(context, versionCodec);
  },
});
