/**
 * @file An evaluation graph and what computes it: on the CPU with several threads each takes a part of the batch, as
 * in training.
 */
import type { Batch } from '../../data/define';
import { mean, type Compiled, type Hoisted, type Tensor } from '../../graph';
import { concatenated } from '../../util/concatenate';
import { batchFeeds, onlyInputs } from '../engine/feeds';
import type { Place } from '../engine/shard-protocol';
import { ShardThread } from '../engine/shard-thread';
import { couplesExamples, shardCount, splitBatch } from '../engine/shards';
import { compileCached, openSession, type Feed, type Session } from '../ort';
import { withoutKernels } from './kernels';

/** Scores of one batch, per example: `losses`, the mean per target; `correct`, right targets; other means. */
export type BatchScores = { readonly losses: Float32Array } & Readonly<Record<string, Float32Array>>;

export type Scores = (batch: Batch) => Promise<BatchScores>;

export interface EvaluationGraph {
  /** What scores batches with these parameters, until the next call. */
  scoring(parameters: Readonly<Record<string, Feed>>): Promise<Scores>;
  release(): Promise<void>;
}

export interface EvaluationOptions {
  readonly device: string;
  readonly threads: number;
  readonly batchSize: number;
  /** How many numbers the model has. */
  readonly parameterCount: number;
}

/** @param build the scores of so many examples */
export async function openEvaluationGraph(
  build: (examples: number) => Readonly<Record<string, Tensor>>,
  { device, threads, batchSize, parameterCount }: EvaluationOptions,
): Promise<EvaluationGraph> {
  const target = device === 'cpu' ? 'cpu' : 'webgpu';
  const count = target === 'cpu' ? shardCount(threads, batchSize, parameterCount) : 1;
  const shards = couplesExamples(build(batchSize / count)) ? 1 : count;
  const scores = build(batchSize / shards);
  // A thread answers with a loss, whatever else it computes.
  const whole = shards > 1 ? { ...scores, loss: mean(scores['losses']!, [0]) } : scores;
  const { program, prepared } = target === 'cpu' ? withoutKernels(whole) : { program: whole, prepared: {} };
  const compiled = await compileCached(program, target);
  const each = Math.max(1, Math.floor(threads / shards));
  const others = new OtherParts(shards - 1, compiled, each, Object.keys(scores));
  const kernels = await openKernels(prepared, threads);
  const session = await openSession(compiled, {
    device: target,
    threads: each,
    optimize: target !== 'cpu',
  });
  return {
    async scoring(parameters) {
      const found = await kernels?.run(onlyInputs(kernels.compiled, parameters));
      const fixed = onlyInputs<Feed>(compiled, { ...parameters, ...found });
      others.take(fixed as Record<string, Float32Array>);
      return async (batch) => {
        const pieces = splitBatch(batch, shards).map((piece) => batchFeeds(compiled, piece.batch));
        // The threads are asked before this one blocks.
        const asked = others.run(pieces.slice(1));
        const [rest, own] = await Promise.all([asked, session.run({ ...fixed, ...pieces[0]! })]);
        const joined = Object.keys(scores).map((name) => [
          name,
          concatenated(Float32Array, [own[name] as Float32Array, ...rest.map((part) => part[name]!)]),
        ]);
        return Object.fromEntries(joined) as BatchScores;
      };
    },
    async release() {
      await Promise.all([session.release(), others.release(), kernels?.release()]);
    },
  };
}

async function openKernels(
  prepared: Hoisted['prepared'],
  threads: number,
): Promise<(Pick<Session, 'run' | 'release'> & { readonly compiled: Compiled }) | undefined> {
  if (Object.keys(prepared).length === 0) return undefined;
  const compiled = await compileCached(prepared, 'cpu');
  const session = await openSession(compiled, { device: 'cpu', threads, optimize: false });
  return { compiled, run: (feeds) => session.run(feeds), release: () => session.release() };
}

/** The threads that score all parts of a batch but the first. */
class OtherParts {
  readonly #parameters: readonly Place[];
  readonly #scores: readonly Place[];
  readonly #block: SharedArrayBuffer;
  readonly #threads: readonly { readonly thread: ShardThread; readonly scores: SharedArrayBuffer }[];

  constructor(count: number, compiled: Compiled, threads: number, scores: readonly string[]) {
    const given = new Set(Object.keys(batchFeeds(compiled, { inputs: NONE, targets: NONE, size: 0 })));
    const parameters = placed(compiled.inputs.filter(({ name }) => !given.has(name)));
    const results = placed(compiled.outputs.filter(({ name }) => scores.includes(name)));
    const block = new SharedArrayBuffer(count > 0 ? parameters.bytes : 0);
    this.#parameters = parameters.places;
    this.#scores = results.places;
    this.#block = block;
    this.#threads = Array.from({ length: count }, () => {
      const gradientBlock = new SharedArrayBuffer(results.bytes);
      const thread = new ShardThread({
        ...{ compiled, threads, parameterBlock: block, gradientBlock },
        parameters: parameters.places,
        gradients: results.places,
      });
      return { thread, scores: gradientBlock };
    });
  }

  /** Shows the parameters to the threads. */
  take(parameters: Readonly<Record<string, Float32Array>>): void {
    if (this.#threads.length === 0) return;
    for (const { name, offset, length } of this.#parameters) {
      new Float32Array(this.#block, offset, length).set(parameters[name]!);
    }
  }

  async run(
    pieces: readonly Record<string, Float32Array | Int32Array>[],
  ): Promise<Record<string, Float32Array>[]> {
    return Promise.all(
      this.#threads.map(async ({ thread, scores }, index) => {
        await thread.run(pieces[index]!);
        const views = this.#scores.map(({ name, offset, length }) => [
          name,
          new Float32Array(scores, offset, length),
        ]);
        return Object.fromEntries(views) as Record<string, Float32Array>;
      }),
    );
  }

  async release(): Promise<void> {
    await Promise.all(this.#threads.map(({ thread }) => thread.release()));
  }
}

const NONE = new Int32Array(0);

function placed(tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]): {
  readonly places: Place[];
  readonly bytes: number;
} {
  let bytes = 0;
  const places = tensors.map(({ name, shape }) => {
    const place = { name, offset: bytes, length: shape.reduce((product, extent) => product * extent, 1) };
    bytes += 4 * place.length;
    return place;
  });
  return { places, bytes };
}
