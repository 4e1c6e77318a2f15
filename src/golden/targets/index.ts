/** @file The targets that can be built. A new layer adds a line here. */
import type { GoldenCase } from '../case';
import type { Comparison } from '../compare';
import type { Machine, Results } from '../machine';
import { analysisTargets } from './analysis';
import { hydraBlock, mamba2Block, mambaBlock } from './block';
import { checkpointFolder, checkpointGguf } from './checkpoint';
import { generation } from './generation';
import { hybridStack } from './hybrid';
import { languageModel } from './lm';
import { mamba3Block } from './mamba3';
import { ltiTargets } from './lti';
import { matrixMixers } from './matrix-mixers';
import { safetensorsHeaders } from './safetensors-headers';
import { scanRoutes } from './scan-routes';
import { selectiveScan } from './selective-scan';
import { seqboatLayer } from './seqboat';
import { spacetimeClosedLoop, spacetimeCompanion, spacetimeNetwork } from './spacetime';
import { ssd } from './ssd';
import { syntheticSamples } from './synthetic-samples';
import { training } from './training';
import { zambaBlock } from './zamba';

/** Computes what a case expects: tensors by name, or finished comparisons where a target has rules of its own. */
export type Target = (goldenCase: GoldenCase, machine: Machine) => Promise<Results | Comparison[]>;

export const targets: Readonly<Record<string, Target>> = {
  synthetic_samples: syntheticSamples,
  ...analysisTargets,
  ...ltiTargets,
  scan_routes: scanRoutes,
  'checkpoint.gguf': checkpointGguf,
  'checkpoint.hugging_face': checkpointFolder,
  'checkpoint.safetensors_headers': safetensorsHeaders,
  'hybrid.stack': hybridStack,
  'checkpoint.state_spaces': checkpointFolder,
  'hydra.block': hydraBlock,
  'hydra.matrix_mixers': matrixMixers,
  'mamba.selective_scan': selectiveScan,
  'mamba.block': mambaBlock,
  'mamba.lm': languageModel,
  'mamba.lm_generation': generation,
  'mamba.lm_training': training,
  'mamba2.ssd': ssd,
  'mamba2.block': mamba2Block,
  'mamba2.lm': languageModel,
  'mamba2.lm_generation': generation,
  'mamba2.lm_training': training,
  'spacetime.companion': spacetimeCompanion,
  'spacetime.closed_loop': spacetimeClosedLoop,
  'spacetime.network': spacetimeNetwork,
  'seqboat.layer': seqboatLayer,
  'mamba3.siso_block': mamba3Block,
  'mamba3.mimo_block': mamba3Block,
  'zamba.block': zambaBlock,
};
