import type { Verb } from './verb.ts';
import { api } from './verbs/api.ts';
import { controller } from './verbs/controller.ts';
import { demo } from './verbs/demo.ts';
import { evaluate } from './verbs/evaluate.ts';
import { fetchData } from './verbs/fetch.ts';
import { keysNew } from './verbs/keys-new.ts';
import { modelsDelete } from './verbs/models-delete.ts';
import { modelsExport } from './verbs/models-export.ts';
import { modelsImport } from './verbs/models-import.ts';
import { modelsList } from './verbs/models-list.ts';
import { modelsRollback } from './verbs/models-rollback.ts';
import { modelsShow } from './verbs/models-show.ts';
import { predict } from './verbs/predict.ts';
import { recommend } from './verbs/recommend.ts';
import { train } from './verbs/train.ts';

/** All verbs, in the order of the help. */
export const VERBS: readonly Verb[] = [
  demo,
  train,
  evaluate,
  predict,
  recommend,
  fetchData,
  modelsList,
  modelsShow,
  modelsRollback,
  modelsDelete,
  modelsExport,
  modelsImport,
  api,
  keysNew,
  controller,
];
