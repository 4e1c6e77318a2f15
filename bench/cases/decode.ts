/**
 * @file Decoding and reading a prompt with a Mamba of 130M parameters (24 layers, d_model 768, 50,280 tokens) on the
 * CPU. Random weights: the arithmetic is the same.
 */
import * as g from '../../src/graph';
import { buildModel, type Model } from '../../src/models';
import { Decoder } from '../../src/runtime/generate';
import { openSession } from '../../src/runtime/ort';
import { timed, type BenchCase, type Contestant } from '../harness';
import { torchPeers } from '../torch';
import { THREADS } from './block';

const SHAPE = { layers: 24, d_model: 768, vocab_size: 50_280 };
const PROMPT = 1024;

function model(): Model {
  const { layers, d_model, vocab_size } = SHAPE;
  return buildModel({
    model: {
      d_model,
      layers: [{ mixer: 'mamba', repeat: layers }],
      norm: 'rms',
      norm_eps: 1e-5,
      tie_embeddings: true,
      vocab_size,
    },
    task: { type: 'language-model' },
    data: { length: PROMPT, input: { kind: 'tokens', vocab_size }, target: { kind: 'next-token' } },
  });
}

let weights: Map<string, Float32Array> | undefined;
/** Made once: drawing 129 million numbers takes longer than any measurement here. */
function parameters(): Map<string, Float32Array> {
  if (weights) return weights;
  weights = new Map();
  let state = 1;
  for (const [name, { shape }] of model().parameters) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    for (let i = 0; i < values.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      values[i] = (state / 2 ** 31) * 0.03;
    }
    weights.set(name, values);
  }
  return weights;
}

const bytesOf = (all: ReadonlyMap<string, Float32Array>): number =>
  [...all.values()].reduce((bytes, { byteLength }) => bytes + byteLength, 0);

/** One token after the other. */
async function decoding(bits?: 8 | 4): Promise<Contestant> {
  const decoder = await Decoder.open(model(), parameters(), {
    threads: THREADS,
    ...(bits === undefined ? {} : { bits }),
  });
  let id = 0;
  return {
    name: `${bits ?? 32} bits`,
    run: () => timed(async () => void (await decoder.step((id = (id + 7919) % SHAPE.vocab_size)))),
    close: () => decoder.release(),
  };
}

/** Reading as many bytes as the weights have, once, with the same threads: what bandwidth allows. */
async function streaming(): Promise<Contestant> {
  const all = parameters();
  const outputs = [...all].map(
    ([name, { length }]) => [`sum.${name}`, g.sum(g.input(name, [length]), [0])] as const,
  );
  const session = await openSession(g.compile(Object.fromEntries(outputs), { target: 'cpu' }), {
    device: 'cpu',
    threads: THREADS,
  });
  const feeds = Object.fromEntries(all);
  return {
    name: `streaming ${Math.round(bytesOf(all) / 1e6)} MB`,
    run: () => timed(async () => void (await session.run(feeds))),
    close: () => session.release(),
  };
}

/** The prompt in one pass, or token by token for a part of it, scaled to the whole. */
async function reading(parallel: boolean): Promise<Contestant> {
  const decoder = await Decoder.open(model(), parameters(), { threads: THREADS });
  const length = parallel ? PROMPT : 16;
  const prompt = Array.from({ length }, (_, i) => (i * 7919) % SHAPE.vocab_size);
  const steps = async (): Promise<void> => {
    for (const id of prompt) await decoder.step(id);
  };
  return {
    name: parallel ? 'in parallel' : 'token by token',
    run: async () => {
      decoder.reset();
      const sample = await timed(async () => void (await (parallel ? decoder.read(prompt) : steps())));
      const scale = PROMPT / length;
      return { ms: sample.ms * scale, cpu_ms: (sample.cpu_ms ?? 0) * scale };
    },
    close: () => decoder.release(),
  };
}

const eager = (): Promise<Contestant[]> =>
  torchPeers({ case: 'decode', ...SHAPE }, [{ name: 'step loop' }], THREADS);

export const decodeCases: readonly BenchCase[] = [
  {
    name: 'decode/130m-fp32',
    about: 'one token of a 130M Mamba, float32; at least 4 times an eager step loop',
    reach: 4,
    ours: () => decoding(),
    peers: eager,
  },
  {
    name: 'decode/130m-fp32-bandwidth',
    about: 'one token of a 130M Mamba, float32, against reading its weights once; at least 0.8',
    reach: 0.8,
    repetitions: 15,
    ours: () => decoding(),
    peers: async () => [await streaming()],
  },
  {
    name: 'decode/130m-int8',
    about: 'one token of a 130M Mamba, projections and head in 8 bits; at least 10 times an eager step loop',
    reach: 10,
    ours: () => decoding(8),
    peers: eager,
  },
  {
    name: 'decode/130m-int8-fp32',
    about: 'one token of a 130M Mamba in 8 bits against float32; at least 2.5',
    reach: 2.5,
    repetitions: 15,
    ours: () => decoding(8),
    peers: async () => [await decoding()],
  },
  {
    name: 'decode/130m-int4-fp32',
    about: 'one token of a 130M Mamba in 4 bits against float32',
    ours: () => decoding(4),
    peers: async () => [await decoding()],
  },
  {
    name: 'prefill/130m-1024',
    about: `a prompt of ${PROMPT} tokens in parallel against token by token (16 tokens, scaled); at least 10`,
    reach: 10,
    repetitions: 3,
    ours: () => reading(true),
    peers: async () => [await reading(false)],
  },
];
