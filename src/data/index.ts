/** @file The data sets, by the name that a config gives. Everything that lists data sets derives from here. */
import type { DataDefinition } from './define';
import { inductionHeads } from './induction-heads';
import { selectiveCopying } from './selective-copying';
import { sequentialMnist } from './sequential-mnist';
import { text } from './text';

export {
  DataError,
  type Batch,
  type DataContext,
  type DataDefinition,
  type DataProblem,
  type Dataset,
  type DataShape,
  type Split,
} from './define';

export const datasets = {
  [inductionHeads.name]: inductionHeads,
  [selectiveCopying.name]: selectiveCopying,
  [text.name]: text,
  [sequentialMnist.name]: sequentialMnist,
} as Readonly<Record<string, DataDefinition>>;
