/** @file The targets of `analysis.*`; each output is defined in its case's tensor list. */
import type { Target } from '..';
import {
  attributionTarget,
  hiddenAttentionSsdTarget,
  hiddenAttentionTarget,
  tokenStatisticsTarget,
} from './blocks';
import { attentionTilesTarget, hiddenAttention2dTarget, memoryTarget } from './scan';
import { logitLensTarget, trainingDiagnosticsTarget } from './models';
import { hiddenAttentionH3Target, hiddenAttentionHydraTarget, hiddenAttentionVssdTarget } from './systems';
import {
  gramiansTarget,
  headScoresTarget,
  hippoBasisTarget,
  ltiKernelTarget,
  representationTarget,
} from './tensors';

export const analysisTargets: Readonly<Record<string, Target>> = {
  'analysis.attention_tiles': attentionTilesTarget,
  'analysis.attribution': attributionTarget,
  'analysis.gramians': gramiansTarget,
  'analysis.head_scores': headScoresTarget,
  'analysis.hidden_attention': hiddenAttentionTarget,
  'analysis.hidden_attention_2d': hiddenAttention2dTarget,
  'analysis.hidden_attention_h3': hiddenAttentionH3Target,
  'analysis.hidden_attention_hydra': hiddenAttentionHydraTarget,
  'analysis.hidden_attention_vssd': hiddenAttentionVssdTarget,
  'analysis.logit_lens': logitLensTarget,
  'analysis.training': trainingDiagnosticsTarget,
  'analysis.hidden_attention_ssd': hiddenAttentionSsdTarget,
  'analysis.hippo_basis': hippoBasisTarget,
  'analysis.lti_kernel': ltiKernelTarget,
  'analysis.memory': memoryTarget,
  'analysis.representation': representationTarget,
  'analysis.token_statistics': tokenStatisticsTarget,
};
