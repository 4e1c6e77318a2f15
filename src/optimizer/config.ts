/** @file The optimiser's section of a config. */
import * as z from 'zod';

export const optimizerSchema = z.strictObject({
  name: z
    .enum(['adamw', 'adam', 'sgd'])
    .default('adamw')
    .describe(
      'AdamW with decoupled weight decay (Loshchilov & Hutter, 2019), Adam with L2 (Kingma & Ba, 2015), or SGD ' +
        'with momentum; all as in PyTorch.',
    ),
  lr: z.number().positive().default(1e-3).describe('Peak learning rate.').meta({ symbol: 'η' }),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.95])
    .describe('Decay rates of the two moments of AdamW and Adam.'),
  weight_decay: z
    .number()
    .min(0)
    .default(0.1)
    .describe(
      'Decay of the weights; never on biases, norms, A_log, D and dt biases. 0 for adam and sgd unless given.',
    ),
  eps: z.number().positive().default(1e-8).describe('Added to the root of the second moment.'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the last change that `sgd` keeps.'),
  nesterov: z.boolean().default(false).describe('Whether `sgd` looks ahead along its momentum.'),
});

export type OptimizerConfig = z.output<typeof optimizerSchema>;

/** How gradients become an update. */
export interface UpdateConfig {
  readonly optimizer: OptimizerConfig;
  /** Largest global gradient 2-norm; 0 switches clipping off. */
  readonly clip: number;
}
