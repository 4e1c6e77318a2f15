/** @file All samples: one list per room of operators. */
import { attentionSamples } from './attention';
import { convSamples } from './conv';
import { elementwiseSamples } from './elementwise';
import { halfSamples } from './half';
import { leavesSamples } from './leaves';
import { lookupSamples } from './lookup';
import { lossSamples } from './loss';
import { ltiSamples } from './lti';
import { matrixSamples } from './matrix';
import { normSamples } from './norm';
import { randomSamples } from './random';
import { recurrenceSamples } from './recurrence';
import { reduceSamples } from './reduce';
import { shapeSamples } from './shape';
import { transformSamples } from './transform';
import type { Sample } from './sample';
import { scanSamples } from './scans';
import { windowSamples } from './windows';

export const samples: readonly Sample[] = [
  ...leavesSamples,
  ...elementwiseSamples,
  ...shapeSamples,
  ...reduceSamples,
  ...matrixSamples,
  ...lookupSamples,
  ...convSamples,
  ...windowSamples,
  ...normSamples,
  ...lossSamples,
  ...randomSamples,
  ...recurrenceSamples,
  ...attentionSamples,
  ...halfSamples,
  ...scanSamples,
  ...ltiSamples,
  ...transformSamples,
];
