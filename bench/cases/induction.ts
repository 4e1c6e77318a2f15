/** @file One whole optimiser step of `examples/induction-heads.ssm.yaml`: batch, forward, backward, AdamW. */
import { datasets } from '../../src/data';
import { trainSchema } from '../../src/models/config';
import { buildModel } from '../../src/models';
import { openCpuEngine } from '../../src/runtime/engine/cpu';
import type { BenchCase, Contestant } from '../harness';
import { timed } from '../harness';
import { torchPeers } from '../torch';
import { THREADS } from './block';

const SHAPE = { batch: 32, length: 64, d_model: 32, vocab_size: 16, layers: 2 };

const train = trainSchema.parse({ batch_size: SHAPE.batch });

async function ours(): Promise<Contestant> {
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
  const engine = await openCpuEngine({
    parameters: model.parameters,
    graph: model.trainingStep(SHAPE.batch),
    train,
    threads: THREADS,
  });
  await engine.write({ parameters: model.initialise(0) });
  let step = 0;
  return {
    name: `ours, ${engine.nodes} nodes`,
    run: () =>
      timed(async () => {
        const batch = data.trainBatch(step, SHAPE.batch);
        step++;
        await engine.step([batch], { step, rate: (peak) => peak });
      }),
    close: async () => engine.release(),
  };
}

export const inductionStep: BenchCase = {
  name: 'induction-step',
  about: `whole step of two Mamba layers, d_model ${SHAPE.d_model}, batch ${SHAPE.batch}, length ${SHAPE.length}`,
  reach: 4,
  repetitions: 25,
  ours,
  peers: () => torchPeers({ case: 'induction-step', ...SHAPE }, THREADS),
};
