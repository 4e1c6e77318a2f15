/**
 * @file Decoding and reading a prompt with a Mamba of 130M parameters on the CPU.
 */
import * as g from '../../src/graph';
import { Decoder, generate } from '../../src/runtime/generate';
import { openSession } from '../../src/runtime/ort';
import { timed, type BenchCase, type Contestant } from '../harness';
import { torchPeers } from '../torch';
import { THREADS } from './block';
import { bytesOf, model, parameters, PROMPT, SHAPE } from './mamba-130m';

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

/** Tokens that a repetitive text is continued by. */
const CONTINUED = 64;

/**
 * A text that repeats itself, continued greedily. Random weights soon repeat what they said themselves.
 * @param draft tokens per checking pass; 0 decodes one by one
 */
async function continuing(draft: number): Promise<Contestant> {
  const decoder = await Decoder.open(model(), parameters(), { threads: THREADS });
  const prompt = Array.from({ length: 64 }, (_, i) => ((i % 8) * 7919) % SHAPE.vocab_size);
  const options = { maxTokens: CONTINUED, temperature: 0, topK: 0, topP: 1, seed: 0, draft } as const;
  const plain = await generate(decoder, [prompt], { ...options, draft: 0 });
  const { sequences } = await generate(decoder, [prompt], options);
  if (sequences[0]!.ids.join() !== plain.sequences[0]!.ids.join())
    throw new Error('Drafting changed what was said.');
  return {
    name: draft > 0 ? `drafts of ${draft}` : 'one by one',
    async run() {
      const before = process.cpuUsage();
      const { tokens_per_second } = await generate(decoder, [prompt], options);
      const { user, system } = process.cpuUsage(before);
      // Without the prompt, which both read alike.
      return { ms: ((CONTINUED - 1) * 1000) / tokens_per_second, cpu_ms: (user + system) / 1000 };
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
  {
    name: 'decode/130m-drafted',
    about: `${CONTINUED} tokens of a text that repeats itself, guessed ahead by 8 and checked in one pass, against one by one, with the same result; at least 1.3`,
    reach: 1.3,
    repetitions: 5,
    ours: () => continuing(8),
    peers: async () => [await continuing(0)],
  },
];
