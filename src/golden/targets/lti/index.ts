/** @file The targets of time-invariant layers. */
import type { Target } from '..';
import { h3Layer } from './h3';
import { blockFft, longConvLayer } from './long-conv';
import { s4Layer } from './s4';
import { s4Hippo } from './s4-hippo';
import { s4dBlock, s4dLayer } from './s4d';
import { s4dKernels } from './s4d-kernels';

export const ltiTargets: Readonly<Record<string, Target>> = {
  'h3.layer': h3Layer,
  'long_conv.block_fft': blockFft,
  'long_conv.layer': longConvLayer,
  's4.hippo': s4Hippo,
  's4.layer': s4Layer,
  's4d.layer': s4dLayer,
  's4d.block': s4dBlock,
  's4d.kernels': s4dKernels,
};
