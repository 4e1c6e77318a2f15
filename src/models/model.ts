/** @file The model: parameters under checkpoint names and the programs that train, evaluate and decode it; see `look.ts` for those that show it. */
import * as g from '../graph';
import type { Shape, Tensor } from '../graph';
import type { ParameterSpec, Tensors } from '../layers';
import { meanOfTokens } from '../layers/parts/padding';
import { GRADIENT, NEXT } from '../optimizer';
import { modelCost, type ModelCost } from './cost';
import type { ModelConfig, TaskConfig } from './config';
import { decode, decodeProblem, decodeStates, prefill, prefillProblem } from './decode';
import { headOf, inputOf } from './ends';
import {
  EMBEDDED,
  head,
  isPair,
  stack,
  taskLogits,
  tokensOf,
  type Architecture,
  type Building,
} from './forward';
import { buildLayers, type BuiltLayer } from './layers';
import { documentsOf, ofPairs } from './pair';
import { countOf, initialValues, modelParameters } from './parameters';
import { scoreMarked, scoreTokens, scoreValues, tokenLosses, type Scores } from './score';
import { spanProblem } from './span';
import { ModelError, stepsOf, taskProblem, type ModelData, type ModelSpec } from './types';

/** Named outputs of one graph, ready for `compile`. */
export type Program = Record<string, Tensor>;

/** Input of a mixed-precision step: small gradients are lost in halves unless they are multiplied first. */
export const LOSS_SCALE = 'loss_scale';

export interface TrainingOptions extends Omit<Building, 'probing'> {
  readonly accuracy?: boolean;
  readonly gradNorm?: boolean;
}

export class Model {
  readonly config: ModelConfig;
  readonly task: TaskConfig;
  readonly data: ModelData;
  readonly layers: readonly BuiltLayer[];
  /** In checkpoint order. */
  readonly parameters: ReadonlyMap<string, ParameterSpec>;
  /** Width of the logits: rows of the vocabulary with padding, classes, or numbers. */
  readonly rows: number;
  /** What the forward pass is built from. */
  readonly architecture: Architecture;

  /** @throws ModelError when config, task and data do not fit together */
  constructor({ model, task, data, cacheLength }: ModelSpec) {
    const problem = taskProblem(task, data);
    if (problem) throw new ModelError(problem, ['task']);
    const { layers, dims } = buildLayers(model, cacheLength, stepsOf(data));
    if (task.type === 'language-model') {
      const blind = layers.find(({ definition, resolved }) => !definition.causal(resolved));
      if (blind) throw new ModelError(`Layer ${blind.index} (${blind.mixer}) sees later tokens.`, blind.path);
    }
    this.config = model;
    this.task = task;
    this.data = data;
    this.layers = layers;
    const input = inputOf(model, data);
    const head = headOf(model, data, input);
    this.rows = head.rows;
    this.architecture = { config: model, input, head, layers, dims };
    this.parameters = modelParameters(layers, this.architecture);
  }

  /** Parameters that one token meets: all but those of the experts that are not chosen. */
  get activeParameterCount(): number {
    const idle = this.layers.map((l) => l.definition.idle?.(l.resolved, this.architecture.dims) ?? 0);
    return idle.reduce((count, each) => count - each, this.parameterCount);
  }

  /** Numbers that the model is made of, frozen ones too, buffers not. */
  get parameterCount(): number {
    return countOf(this.parameters.values());
  }

  /** Layers per mixer, in the order of their first. */
  get mixers(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { mixer } of this.layers) counts[mixer] = (counts[mixer] ?? 0) + 1;
    return counts;
  }

  get length(): number {
    return this.data.length;
  }

  /** Number of targets per example of the given length. */
  targets(length: number = this.length): number {
    const { target } = this.data;
    if (target.kind === 'class') return 1;
    return 'positions' in target ? target.positions : length;
  }

  /** Whether sequences of `length` positions can be computed. */
  takes(length: number): boolean {
    return spanProblem(this.layers, length) === undefined;
  }

  /** Why the model cannot generate token by token; undefined when it can. */
  get decodeProblem(): string | undefined {
    return decodeProblem(this.architecture);
  }

  initialise(seed: number): Map<string, Float32Array> {
    return initialValues(this.parameters, seed);
  }

  /** One graph input per parameter, under its checkpoint name. */
  parameterInputs(): Record<string, Tensor> {
    return Object.fromEntries([...this.parameters].map(([name, { shape }]) => [name, g.input(name, shape)]));
  }

  /** `inputs`: ids (batch, time) int32, or vectors (batch, time, features). */
  inputs(batch: number, length: number): Tensor {
    const { input } = this.data;
    if (input.kind === 'tokens') return g.input('inputs', [batch, length], 'int32');
    return g.input('inputs', [batch, length, input.features]);
  }

  /** `targets`: int32 (batch, time), (batch, positions) or (batch); float32 (batch, positions, features). */
  targetInput(batch: number, length: number): Tensor {
    if (this.data.target.kind === 'values') {
      return g.input('targets', [batch, this.targets(length), this.data.target.features]);
    }
    const shape = this.data.target.kind === 'class' ? [batch] : [batch, this.targets(length)];
    return g.input('targets', shape, 'int32');
  }

  /**
   * The whole forward pass.
   * @returns `logits` (batch, targets, rows); `loss`, the mean; `losses` and `metrics` per example
   */
  forward(
    inputs: Tensor,
    targets: Tensor,
    p: Tensors,
    building: Building = {},
  ): Scores & { readonly logits: Tensor } {
    const read = this.documents(inputs);
    const x = stack(read, p, this.architecture, building);
    const found = this.logitsOf(x, read, p, building.training);
    const logits = building.half ? g.halfPrecision(found, [x, read], Object.values(p)) : found;
    return { logits, ...this.score(logits, targets) };
  }

  /** What the layers read: of pairs (batch, time) the documents, one behind the other. */
  documents(inputs: Tensor): Tensor {
    return isPair(this.architecture) ? documentsOf(inputs) : inputs;
  }

  /** (batch, targets, rows), of what the stack makes of `inputs` (batch, time, d_model). */
  logitsOf(x: Tensor, inputs: Tensor, p: Tensors, training = false): Tensor {
    const positions = this.targets(inputs.shape[1]!);
    return taskLogits(x, inputs, p, this.architecture, this.task, positions, training);
  }

  /** As `forward` gives them. */
  score(logits: Tensor, targets: Tensor): Scores {
    if (this.task.type === 'regression') return scoreValues(logits, targets, this.task.loss);
    return this.data.target.kind === 'marked' ? scoreMarked(logits, targets) : scoreTokens(logits, targets);
  }

  /**
   * Logits at every position, and the mean loss of predicting the next token at all but the last of them: what the
   * authors report for a text whose targets are its own tokens. For language models.
   * @param targets (batch, time - 1), the tokens at positions 1 …
   */
  nextToken(inputs: Tensor, targets: Tensor, p: Tensors): { logits: Tensor; loss: Tensor } {
    const logits = head(stack(inputs, p, this.architecture), p, this.architecture);
    const losses = tokenLosses(g.slice(logits, 1, 0, targets.shape[1]!), targets);
    return { logits, loss: g.mean(losses) };
  }

  /**
   * Forward, loss and backward.
   * @param options `accuracy` adds `correct` (scalar count) where answers are right or wrong, `gradNorm` adds
   * `grad_norm_squared`; with `half` every gradient is multiplied by the input `loss_scale`
   * @returns `loss`, `grad.<parameter>` for every parameter that is not frozen, and `next.<buffer>`, what every buffer
   * becomes
   */
  trainingStep(batch: number, length: number = this.length, options: TrainingOptions = {}): Program {
    const p = this.parameterInputs();
    const inputs = this.inputs(batch, length);
    const building = { ...options, training: true };
    const { loss, metrics } = this.forward(inputs, this.targetInput(batch, length), p, building);
    const trained = [...this.parameters].filter(([, { frozen }]) => frozen !== true);
    const names = trained.map(([name]) => name);
    const cotangent = options.half === true ? { cotangent: g.input(LOSS_SCALE, []) } : {};
    const gradients = g.gradients(
      [{ output: loss, ...cotangent }],
      names.map((name) => p[name]!),
    );
    const program: Program = { loss };
    names.forEach((name, i) => (program[GRADIENT + name] = gradients[i]!));
    for (const [name, next] of g.retained([loss])) program[NEXT + name] = next;
    if (options.accuracy && metrics['correct']) program['correct'] = g.sum(metrics['correct']);
    if (options.gradNorm) {
      const squares = gradients.map((gradient) => g.sum(g.square(gradient)));
      program['grad_norm_squared'] = squares.reduce((total, square) => g.add(total, square));
    }
    return program;
  }

  /**
   * `losses` (batch): mean loss per example; `correct` (batch), right targets per example, or `mse` and `mae`
   * (batch).
   * @param options `activations` adds `layers.<k>.rms` (batch): root mean square of the residual stream that layer k
   * reads, over tokens and channels; and what layers measure of themselves, `layers.<k>.dead` and `.saturated` (batch)
   */
  evaluation(
    batch: number,
    length: number = this.length,
    options: { readonly activations?: boolean } = {},
  ): Program {
    const p = this.parameterInputs();
    const activations: Program = {};
    const inputs = this.inputs(batch, length);
    const real = tokensOf(this.documents(inputs), this.architecture);
    const residual = (index: number, x: Tensor): void => {
      // Behind the last layer only what is asked for is computed.
      if (index < this.layers.length)
        activations[`layers.${index}.rms`] = g.sqrt(meanOfTokens(g.mean(g.square(x), [2]), { real }));
    };
    const gauge = (index: number, name: string, perExample: Tensor): void => {
      activations[`layers.${index}.${name}`] = perExample;
    };
    const { losses, metrics } = this.forward(
      inputs,
      this.targetInput(batch, length),
      p,
      options.activations ? { probing: { residual, gauge } } : {},
    );
    if (isPair(this.architecture)) {
      for (const [name, perDocument] of Object.entries(activations)) activations[name] = ofPairs(perDocument);
    }
    return { losses, ...metrics, ...activations };
  }

  /** `logits` at every position (batch, time, rows), or one row per example for a class per sequence. */
  logits(batch: number, length: number = this.length, p: Tensors = this.parameterInputs()): Program {
    const inputs = this.documents(this.inputs(batch, length));
    const x = stack(inputs, p, this.architecture);
    if (this.task.type !== 'classification') return { logits: head(x, p, this.architecture) };
    return { logits: g.reshape(this.logitsOf(x, inputs, p), [batch, this.rows]) };
  }

  /** States between two tokens, `state.<layer>.<name>`, which start at zero. */
  states(batch: number): Record<string, Shape> {
    return decodeStates(this.architecture, batch);
  }

  /**
   * One token: inputs `ids` (batch) and the states; outputs `logits` (batch, rows) and
   * `next.state.<layer>.<name>`.
   * @param p parameters, where they are not graph inputs of their names
   * @throws ModelError when a layer cannot decode
   */
  decodeStep(batch: number, p: Tensors = this.parameterInputs()): Program {
    const { input } = this.data;
    const ids =
      input.kind === 'tokens' ? g.input('ids', [batch], 'int32') : g.input('ids', [batch, input.features]);
    return decode(ids, this.#looked(p, [batch]), this.#stateInputs(batch), this.architecture);
  }

  /** Why a prompt has to be read token by token; undefined when `prefill` can read it. */
  get prefillProblem(): string | undefined {
    return prefillProblem(this.architecture);
  }

  /**
   * Several tokens at once: inputs `ids` (batch, length) and the states; outputs as those of `decodeStep`.
   * @param options.every logits at every position (batch, length, rows); `p` as for `decodeStep`
   * @throws ModelError when a layer cannot do this, see `prefillProblem`
   */
  prefill(
    batch: number,
    length: number,
    options: { readonly every?: boolean; readonly p?: Tensors } = {},
  ): Program {
    const { input } = this.data;
    const shape = [batch, length];
    const ids =
      input.kind === 'tokens' ? g.input('ids', shape, 'int32') : g.input('ids', [...shape, input.features]);
    const p = options.p ?? this.parameterInputs();
    const tensors = this.#looked(p, shape);
    return prefill(ids, tensors, this.#stateInputs(batch), this.architecture, options.every ?? false);
  }

  /** Without the embedding its rows are an input, `embedded` (…, d_model). */
  #looked(p: Tensors, shape: g.Shape): Tensors {
    if (this.data.input.kind !== 'tokens' || p['backbone.embedding.weight']) return p;
    return { ...p, [EMBEDDED]: g.input(EMBEDDED, [...shape, this.config.d_model]) };
  }

  #stateInputs(batch: number): Tensors {
    return Object.fromEntries(
      Object.entries(this.states(batch)).map(([name, shape]) => [name, g.input(name, shape)]),
    );
  }

  /** Bytes that one layer keeps per sequence while decoding; undefined when it cannot decode. */
  stateBytes(layer: number): number | undefined {
    const { definition, resolved } = this.layers[layer]!;
    if (!definition.state || !definition.causal(resolved)) return undefined;
    const shapes = Object.values(definition.state(resolved, this.architecture.dims));
    return shapes.reduce((bytes, shape) => bytes + 4 * shape.reduce((size, extent) => size * extent, 1), 0);
  }

  /** Parameters, arithmetic and state of the model and of each layer at a length. */
  cost(length: number = this.length): ModelCost {
    return modelCost(this, length);
  }
}

/** @throws ModelError when config, task and data do not fit together */
export const buildModel = (spec: ModelSpec): Model => new Model(spec);
