/** @file Hyperparameters that the targets of the S4 family share. */
import type { Options } from '../../options';

/** They only choose initial values: parameters are given. */
export const INITS = ['diag-lin', 'diag-inv', 'diag-legs', 'diag-real'] as const;

export const dtTransform = (options: Options): 'exp' | 'softplus' =>
  options.word('dt_transform', ['exp', 'softplus']) ?? 'exp';
