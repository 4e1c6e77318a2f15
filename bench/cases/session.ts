/** @file From a config to the first step of a deep model: graph, gradient, compilation, session. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildModel } from '../../src/models';
import { compileCached, openSession, type GraphCache } from '../../src/runtime/ort';
import type { BenchCase, Contestant } from '../harness';
import { timed } from '../harness';
import { THREADS } from './block';

const SHAPE = { layers: 24, d_model: 768, length: 256, vocab_size: 50280 };

/** @param warm whether an earlier run has left its compiled graph */
async function opening(mixer: string, warm: boolean): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-graphs-'));
  const cache: GraphCache = { folder, build: 'bench', limit: 2 ** 30, smallest: 0 };
  const open = async (): Promise<void> => {
    const model = buildModel({
      model: {
        d_model: SHAPE.d_model,
        layers: [{ mixer, repeat: SHAPE.layers }],
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
    const compiled = await compileCached(model.trainingStep(1), 'cpu', cache);
    const session = await openSession(compiled, { device: 'cpu', threads: THREADS, optimize: false });
    await session.release();
  };
  if (warm) await open();
  return {
    name: 'ours',
    async run() {
      if (!warm) await rm(folder, { recursive: true });
      return timed(open);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

const about = `from the definition to an open training session, ${SHAPE.layers} layers of d_model ${SHAPE.d_model}`;

export const sessionCases: readonly BenchCase[] = ['mamba', 'mamba2'].flatMap((mixer) => {
  const name = `session/${SHAPE.layers}x${SHAPE.d_model}${mixer === 'mamba' ? '' : `-${mixer}`}`;
  return [
    { name, about: `${about} (${mixer}); to reach: 2 s`, repetitions: 5, ours: () => opening(mixer, false) },
    {
      name: `${name}-cached`,
      about: `${about} (${mixer}), compiled before; to reach: 0.8 s`,
      repetitions: 5,
      ours: () => opening(mixer, true),
    },
  ];
});
