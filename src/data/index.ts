/** @file The data sets, by the name that a config gives. Everything that lists data sets derives from here. */
import { associativeRecall } from './synthetic/associative-recall';
import { audio } from './audio';
import { cifar10 } from './images/cifar';
import { copying } from './synthetic/copying';
import type { DataDefinition } from './define';
import { delay } from './synthetic/delay';
import { imageFolder } from './images/folder';
import { inductionHeads } from './synthetic/induction-heads';
import { labelledRows } from './tables/labelled-rows';
import { labelledText } from './text/labelled';
import { listops } from './synthetic/listops';
import { mqar } from './synthetic/mqar';
import { pathfinder } from './synthetic/pathfinder';
import { phonebook } from './synthetic/phonebook';
import { selectiveCopying } from './synthetic/selective-copying';
import { timeSeries } from './series';
import { sequentialMnist } from './images/sequential-mnist';
import { text } from './text';
import { textPairs } from './text/pairs';

export { DataError, type DataContext, type DataDefinition, type Dataset } from './define';

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
