import type { Verb } from './verb.ts';
import { modelsDelete } from './verbs/models-delete.ts';
import { modelsList } from './verbs/models-list.ts';
import { modelsRollback } from './verbs/models-rollback.ts';
import { modelsShow } from './verbs/models-show.ts';
import { recommend } from './verbs/recommend.ts';

/** All verbs, in the order of the help. */
export const VERBS: readonly Verb[] = [
  recommend,
  modelsList,
  modelsShow,
  modelsRollback,
  modelsDelete,
];
