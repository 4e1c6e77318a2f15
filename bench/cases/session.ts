/** @file From a model's definition to a session that can train it: building, differentiating, writing, loading. */
import { compile } from '../../src/graph';
import { buildModel } from '../../src/models';
import { openSession } from '../../src/runtime/ort';
import { timed, type BenchCase } from '../harness';
import { THREADS } from './block';

const SHAPE = { layers: 24, d_model: 768, length: 256, vocab_size: 256 };

async function open(): Promise<void> {
  const model = buildModel({
    model: {
      d_model: SHAPE.d_model,
      layers: [{ mixer: 'mamba2', repeat: SHAPE.layers }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: true,
    },
    task: { type: 'language-model' },
    data: {
      length: SHAPE.length,
      input: { kind: 'tokens', vocab_size: SHAPE.vocab_size },
      target: { kind: 'next-token' },
    },
  });
  const compiled = compile(model.trainingStep(1), { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads: THREADS });
  await session.release();
}

export const sessionStart: BenchCase = {
  name: `session/${SHAPE.layers}x${SHAPE.d_model}`,
  about:
    `${SHAPE.layers} Mamba-2 layers, d_model ${SHAPE.d_model}: building, differentiating and loading the training ` +
    'graph, nothing cached; below 2000 ms to reach',
  repetitions: 5,
  ours: () => Promise.resolve({ name: 'ours', run: () => timed(open), close: () => Promise.resolve() }),
};
