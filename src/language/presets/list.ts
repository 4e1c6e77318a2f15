/** @file All presets, smallest first within a family. */
import { mambaModels } from './mamba';
import { otherModels } from './others';
import type { Published } from './types';

export const published: readonly Published[] = [...mambaModels, ...otherModels];
