/** @file A whole step of a language model of four Mamba-2 layers: time, share of the machine's bound, memory. */
import { buildModel, type Model } from '../../src/models';
import { Random } from '../../src/util/random';
import { memoryOf, ownChild, type Child } from '../child';
import type { BenchCase, Bound, Contestant } from '../harness';
import { torchPeers } from '../torch';
import { THREADS } from './block';
import { copyProbe, productProbe, PROBE_BYTES, PROBE_FLOPS } from './machine';
import { stepOf } from './step';

const SHAPE = { batch: 8, length: 256, d_model: 256, layers: 4, vocab_size: 256, d_state: 64, headdim: 64 };

function model(): Model {
  const { vocab_size, length, d_state, headdim, layers } = SHAPE;
  return buildModel({
    model: {
      d_model: SHAPE.d_model,
      layers: [{ mixer: 'mamba2', d_state, headdim, repeat: layers }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: true,
    },
    task: { type: 'language-model' },
    data: { length, input: { kind: 'tokens', vocab_size }, target: { kind: 'next-token' } },
  });
}

function ours(): Promise<Contestant> {
  const random = new Random(0, 'bench', 'ids');
  const ids = (): Int32Array =>
    Int32Array.from({ length: SHAPE.batch * SHAPE.length }, () => random.integer(SHAPE.vocab_size));
  const batch = { inputs: ids(), targets: ids(), size: SHAPE.batch };
  return stepOf(model(), { trainBatch: () => batch }, { batch: SHAPE.batch, threads: THREADS });
}

const peers = (): Promise<Child[]> =>
  torchPeers({ case: 'lm-step', ...SHAPE }, [{ name: 'SSD by blocks of 64, AdamW' }], THREADS);

/** Reads and writes per parameter: forward, backward, gradient written and read, AdamW's three tensors both ways. */
const TOUCHES = 10;

/** No step can be faster than its arithmetic at the speed of matrix products, nor than its parameters' traffic. */
async function bound(): Promise<Bound> {
  const { parameters, flopsPerToken } = model().cost();
  const flops = 3 * flopsPerToken * SHAPE.batch * SHAPE.length;
  const bytes = 4 * TOUCHES * parameters;
  return {
    probes: [await productProbe(THREADS), copyProbe()],
    reach: 0.45,
    ms: ([product, copy]) => {
      const arithmetic = (flops / PROBE_FLOPS) * product!;
      const traffic = (bytes / PROBE_BYTES) * copy!;
      const rate = (PROBE_FLOPS / product! / 1e6).toFixed(0);
      const gigabytes = (PROBE_BYTES / copy! / 1e6).toFixed(1);
      return {
        ms: Math.max(arithmetic, traffic),
        how:
          `${(flops / 1e9).toFixed(1)} GFLOP at ${rate} GFLOP/s (${arithmetic.toFixed(0)} ms), ` +
          `${(bytes / 1e6).toFixed(0)} MB at ${gigabytes} GB/s (${traffic.toFixed(0)} ms), by least times`,
      };
    },
  };
}

const { batch, length, d_model, layers } = SHAPE;

export const lmStep: BenchCase = {
  name: `lm-step/mamba2-${batch}x${length}x${d_model}x${layers}`,
  about: `whole step with AdamW of ${layers} Mamba-2 layers, d_model ${d_model}, ${THREADS} threads`,
  reach: 4,
  ours,
  peers,
  bound,
};

export const lmMemory: BenchCase = {
  name: 'memory/lm-step',
  about: 'peak resident memory of a process after six of these steps, ours and the peer each in its own',
  unit: 'MB',
  // Ours at most 0.7 of the peer's.
  reach: 1.43,
  repetitions: 3,
  ours: () => Promise.resolve(memoryOf(ownChild(lmStep.name))),
  peers: async () => (await peers()).map(memoryOf),
};
