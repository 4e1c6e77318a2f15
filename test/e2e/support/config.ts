/** @file A config that takes no time to start and does not end by itself. */

/** @param steps optimiser steps; a step takes a few milliseconds */
export const smallConfig = (steps: number): string => `data: {type: induction-heads, length: 16}
model:
  d_model: 16
  layers:
    - {mixer: mamba, d_state: 4, repeat: 2}
train:
  steps: ${steps}
  batch_size: 4
  checkpoint_every: 20
eval: {every: 50, examples: 8}
`;
