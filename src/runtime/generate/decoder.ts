/** @file A model opened for decoding: prompts in parallel where the layers can, then one token at a time. */
import { bind, compile, dequantizeRow, hoist, quantized, type EightBits, type Tensor } from '../../graph';
import { concatenated } from '../../util/concatenate';
import { EMBEDDED, type Model, type Program } from '../../models';
import { onlyInputs } from '../engine/feeds';
import { openSession, type Session } from '../ort';
import { EMBEDDING, quantizeParameters, type FewBits, type QuantizedBits } from '../quantize';
import { signedBytesExact } from '../signed-bytes';

export type States = Readonly<Record<string, Float32Array>>;

export interface DecoderOptions {
  readonly threads: number;
  /** Sequences decoded side by side; 1 unless given. */
  readonly batch?: number;
  /** Bits of the projections and the head; 32 unless given. */
  readonly bits?: QuantizedBits;
  /** With `bits`: weights that are in them already and not among the parameters. */
  readonly weights?: FewBits;
}

/** Tokens of a prompt that are read at once: the most that fit, again and again; the rest one by one. */
const CHUNKS = [512, 64, 8];

/**
 * Numbers up to which weights are constants of the graph. Handing them over takes as long as the arithmetic of so small
 * a step; in larger ones it does not show, and the copies would.
 */
const BOUND = 1e6;

interface Runner {
  run(ids: Int32Array, states: States): Promise<{ logits: Float32Array; states: States }>;
  release(): Promise<void>;
}

export class Decoder {
  readonly #parallel = new Map<string, Promise<Runner>>();
  #states: States;

  private constructor(
    readonly model: Model,
    readonly batch: number,
    private readonly parameters: Readonly<Record<string, Float32Array>>,
    private readonly weights: FewBits,
    private readonly threads: number,
    private readonly step1: Runner,
    /** Bits of the projections and the head; undefined for 32. */
    readonly bits?: QuantizedBits,
  ) {
    this.#states = zeroStates(model, batch);
  }

  /** @throws ModelError when a layer cannot decode */
  static async open(
    model: Model,
    parameters: ReadonlyMap<string, Float32Array>,
    options: DecoderOptions,
  ): Promise<Decoder> {
    const { batch = 1, threads, bits } = options;
    const weights: FewBits =
      options.weights ??
      (bits
        ? quantizeParameters(model, parameters, bits, bits === 8 && (await signedBytesExact()))
        : new Map());
    const fixed = Object.fromEntries([...parameters].filter(([name]) => !weights.has(name)));
    const program = model.decodeStep(batch, withWeights(model, weights));
    const runner = await openRunner(program, fixed, weights, threads);
    return new Decoder(model, batch, fixed, weights, threads, runner, bits);
  }

  /** What the model remembers; arrays are never changed, so that it can be kept and set again. */
  get states(): States {
    return this.#states;
  }
  set states(states: States) {
    this.#states = states;
  }

  /** Bytes that are remembered per sequence, whatever its length. */
  get stateBytes(): number {
    const all = Object.values(this.#states).reduce((bytes, { byteLength }) => bytes + byteLength, 0);
    return all / this.batch;
  }

  reset(): void {
    this.#states = zeroStates(this.model, this.batch);
  }

  /**
   * Consumes one token per sequence.
   * @returns the logits of the next, (batch, rows)
   */
  async step(...ids: readonly number[]): Promise<Float32Array> {
    const { logits, states } = await this.step1.run(Int32Array.from(ids), this.#states);
    this.#states = states;
    return logits;
  }

  /**
   * Consumes a prompt of one sequence; with several sequences all of them read it.
   * @returns the logits behind its last token, (batch, rows)
   */
  async read(prompt: readonly number[]): Promise<Float32Array> {
    let at = 0;
    let logits: Float32Array | undefined;
    if (this.model.prefillProblem === undefined) {
      for (const length of CHUNKS) {
        for (; prompt.length - at >= length; at += length) {
          logits = await this.#advance(prompt.slice(at, at + length), false);
        }
      }
    }
    for (; at < prompt.length; at++) {
      logits = await this.step(...Array.from({ length: this.batch }, () => prompt[at]!));
    }
    return logits!;
  }

  /**
   * Looks at several tokens without consuming them.
   * @returns logits at every position (tokens, rows), and the states behind the last
   * @throws ModelError when a layer cannot read in parallel
   */
  async look(ids: readonly number[]): Promise<{ logits: Float32Array; states: States }> {
    const runner = await this.#runner(ids.length, true);
    return runner.run(Int32Array.from(ids), this.#states);
  }

  async #advance(ids: readonly number[], every: boolean): Promise<Float32Array> {
    const runner = await this.#runner(ids.length, every);
    const repeated = Int32Array.from({ length: this.batch * ids.length }, (_, i) => ids[i % ids.length]!);
    const { logits, states } = await runner.run(repeated, this.#states);
    this.#states = states;
    return logits;
  }

  async #runner(length: number, every: boolean): Promise<Runner> {
    const key = `${length} ${every}`;
    const known = this.#parallel.get(key);
    if (known) return known;
    // Each has a copy of weights in 4 bits: one for prompts is kept at a time.
    if (this.weights.size > 0) await this.#releaseParallel();
    const p = withWeights(this.model, this.weights, true);
    const program = this.model.prefill(this.batch, length, { every, p });
    const made = openRunner(program, this.parameters, this.weights, this.threads);
    this.#parallel.set(key, made);
    return made;
  }

  async #releaseParallel(): Promise<void> {
    const runners = [...this.#parallel.values()];
    this.#parallel.clear();
    for (const runner of runners) await (await runner).release();
  }

  async release(): Promise<void> {
    await this.step1.release();
    await this.#releaseParallel();
  }
}

/** The states of several decoders' sequences side by side. */
export function stackStates(all: readonly States[]): States {
  const names = Object.keys(all[0]!);
  return Object.fromEntries(
    names.map((name) => {
      return [
        name,
        concatenated(
          Float32Array,
          all.map((states) => states[name]!),
        ),
      ];
    }),
  );
}

/**
 * Graph inputs for all parameters but those in fewer bits, and no embedding where that is one of them.
 * @param shared weights in 8 bits are graph inputs instead of copies in the graph; a single token then takes twice as
 * long, as they are sorted anew in every run, and for several it does not show
 */
function withWeights(model: Model, weights: FewBits, shared = false): Record<string, Tensor> {
  const tensors = model.parameterInputs();
  for (const [name, matrix] of weights) {
    if (name === EMBEDDING) delete tensors[name];
    else tensors[name] = quantized(shared && matrix.bits === 8 ? { ...matrix, fed: name } : matrix);
  }
  return tensors;
}

/** Rows of an embedding one behind the other. */
function rowsOf(embedding: EightBits, ids: Int32Array): Float32Array {
  const { columns } = embedding;
  const rows = new Float32Array(ids.length * columns);
  ids.forEach((id, i) => dequantizeRow(embedding, id, rows.subarray(i * columns, (i + 1) * columns)));
  return rows;
}

async function openRunner(
  whole: Program,
  parameters: Readonly<Record<string, Float32Array>>,
  weights: FewBits,
  threads: number,
): Promise<Runner> {
  // What follows from the parameters alone, such as −exp(A_log), is computed once.
  const { program, prepared } = hoist(whole, (name) => Object.hasOwn(parameters, name));
  const constants = { ...parameters, ...(await evaluate(prepared, parameters, threads)) };
  const small = Object.values(constants).reduce((sum, { length }) => sum + length, 0) <= BOUND;
  const compiled = compile(small ? bind(program, constants) : program, { target: 'cpu' });
  const session: Session = await openSession(compiled, { device: 'cpu', threads });
  const { inputs, bytes = [] } = compiled;
  const fed = Object.fromEntries(bytes.map(({ name }) => [name, weights.get(name)!.data]));
  const fixed = { ...onlyInputs({ inputs }, constants), ...fed };
  const embedding = weights.get(EMBEDDING) as EightBits | undefined;
  return {
    async run(ids, states) {
      const first: Record<string, Float32Array | Int32Array> = embedding
        ? { [EMBEDDED]: rowsOf(embedding, ids) }
        : { ids };
      const found = (await session.run({ ...fixed, ...onlyInputs({ inputs }, states), ...first })) as Record<
        string,
        Float32Array
      >;
      const next = Object.keys(states).map((name) => [name, found[`next.${name}`]!] as const);
      return { logits: found['logits']!, states: Object.fromEntries(next) };
    },
    release: () => session.release(),
  };
}

/** The values of a graph that is run once. */
async function evaluate(
  program: Program,
  feeds: Readonly<Record<string, Float32Array>>,
  threads: number,
): Promise<Record<string, Float32Array>> {
  if (Object.keys(program).length === 0) return {};
  const compiled = compile(program, { target: 'cpu' });
  const session = await openSession(compiled, { device: 'cpu', threads });
  try {
    return (await session.run(onlyInputs(compiled, feeds))) as Record<string, Float32Array>;
  } finally {
    await session.release();
  }
}

function zeroStates(model: Model, batch: number): States {
  return Object.fromEntries(
    Object.entries(model.states(batch)).map(([name, shape]) => [
      name,
      new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
    ]),
  );
}
