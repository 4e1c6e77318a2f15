/** @file One whole optimiser step of `examples/induction-heads.ssm.yaml`, and what a step costs beyond its arithmetic. */
import { datasets } from '../../src/data';
import { buildModel } from '../../src/models';
import type { BenchCase, Contestant } from '../harness';
import { scanVariants, torchPeers } from '../torch';
import { THREADS } from './block';
import { stepOf } from './step';

const SHAPE = { batch: 32, length: 64, d_model: 32, vocab_size: 16, layers: 2 };

async function ours(empty = false): Promise<Contestant> {
  const definition = datasets['induction-heads']!;
  const options = definition.options.parse({});
  const data = await definition.open(options, { baseDir: '.', bundledDir: '.', seed: 0 });
  const model = buildModel({
    model: {
      d_model: SHAPE.d_model,
      layers: [{ mixer: 'mamba', repeat: SHAPE.layers }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: true,
    },
    task: { type: 'answer' },
    data: data.shape,
  });
  return stepOf(model, data, { batch: SHAPE.batch, threads: THREADS, empty });
}

export const inductionStep: BenchCase = {
  name: 'induction-step',
  about:
    `whole step of two Mamba layers, d_model ${SHAPE.d_model}, batch ${SHAPE.batch}, length ${SHAPE.length}; ` +
    'against the fastest form in PyTorch',
  reach: 4,
  repetitions: 25,
  ours: () => ours(),
  peers: () => torchPeers({ case: 'induction-step', ...SHAPE }, scanVariants(), THREADS),
};

/** What several steps in one call could save at most, in the smallest model that is of use. */
export const inductionCall: BenchCase = {
  name: 'induction-call',
  about: 'everything of `induction-step` but its graph: batch, call, clipping, AdamW; against the whole step',
  repetitions: 25,
  ours: () => ours(true),
  peers: async () => [await ours()],
};
