/** @file The data sets, by the name that a config gives. Everything that lists data sets derives from here. */
import { associativeRecall } from './associative-recall';
import { audio } from './audio';
import { cifar10 } from './cifar';
import { copying } from './copying';
import type { DataDefinition } from './define';
import { delay } from './delay';
import { imageFolder } from './image-folder';
import { inductionHeads } from './induction-heads';
import { labelledRows } from './labelled-rows';
import { labelledText } from './labelled-text';
import { listops } from './listops';
import { mqar } from './mqar';
import { pathfinder } from './pathfinder';
import { phonebook } from './phonebook';
import { selectiveCopying } from './selective-copying';
import { timeSeries } from './series';
import { sequentialMnist } from './sequential-mnist';
import { text } from './text';
import { textPairs } from './text-pairs';

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
  [copying.name]: copying,
  [associativeRecall.name]: associativeRecall,
  [mqar.name]: mqar,
  [phonebook.name]: phonebook,
  [delay.name]: delay,
  [listops.name]: listops,
  [pathfinder.name]: pathfinder,
  [text.name]: text,
  [sequentialMnist.name]: sequentialMnist,
  [imageFolder.name]: imageFolder,
  [cifar10.name]: cifar10,
  [labelledText.name]: labelledText,
  [textPairs.name]: textPairs,
  [labelledRows.name]: labelledRows,
  [audio.name]: audio,
  [timeSeries.name]: timeSeries,
} as Readonly<Record<string, DataDefinition>>;
