/**
 * @file What a layer is. A layer is defined once, in one file; completion, hover, checks, shapes, costs,
 * initialisation, forward, gradient, decoding, checkpoint names and the scan views follow from the definition.
 */
import type * as z from 'zod';
import type { Shape, Tensor } from '../graph';
import type { Init } from './init';

/** The model around a layer, as far as a layer needs to know it. */
export interface Dims {
  readonly d_model: number;
  /** Number of layers after expanding `repeat`; scales the output projection's initialisation. */
  readonly n_layer: number;
  /** Residual sub-layers added per layer index, 1 unless a block adds an MLP behind a mixer. */
  readonly residuals_per_layer: number;
  readonly norm_eps: number;
  /** Positions that a decoding cache can hold; only layers whose state grows with time (attention) use it. */
  readonly cache_length?: number;
  /** Time steps of the data's examples, where they are known; for kernels that belong to one length. */
  readonly length?: number;
}

/** One trained tensor, under its official name within the layer (`in_proj.weight`). */
export interface ParameterSpec {
  readonly shape: Shape;
  readonly init: Init;
  /** Whether the run's weight decay applies: false for biases, norms and whatever the authors exclude. */
  readonly decay: boolean;
  /** Weight decay of its own, whatever the run's; `decay` is then not looked at. */
  readonly weightDecay?: number;
  /** Peak learning rate of its own, whatever the run's (S4: 1e-3 for A, B and dt); follows the run's schedule. */
  readonly lr?: number;
  /** Never trained: its gradient is not computed. */
  readonly frozen?: boolean;
  /** No parameter but state of training: frozen, and replaced in every step by what `retain` says; see `buffer`. */
  readonly buffer?: boolean;
  /** Factor on the learning rate, where the authors use one. */
  readonly lrScale?: number;
}

/**
 * A tensor that training changes without a gradient. It is saved, loaded and exported as parameters are; `forward`
 * gives its next value with `retain` while `ctx.training`.
 */
export const buffer = (shape: Shape, init: Init): ParameterSpec => ({
  shape,
  init,
  decay: false,
  frozen: true,
  buffer: true,
});

export type Parameters = Readonly<Record<string, ParameterSpec>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** Something that a view can look at: where it lies and what it is called. */
export interface ProbeSpec {
  /** One sentence for the views and the documentation. */
  readonly description: string;
  /** Names of the axes, outermost first, for example `['batch', 'time', 'channel', 'state']`. */
  readonly axes: readonly string[];
  /** Unit, or `''` for a dimensionless quantity. */
  readonly unit: string;
  /** Sign of the values, which decides the colour map. */
  readonly sign: 'positive' | 'signed';
}

/** What a layer's forward may ask of its surroundings. */
export interface ForwardContext {
  /** True when the graph is built to be looked at; only then are states kept and `probe` does anything. */
  readonly probing: boolean;
  /** True in the step that trains: statistics of the batch count, and buffers change. */
  readonly training?: boolean;
  /**
   * 1 where a token stands, 0 where padding fills up a short example: (batch, time); absent where nothing is padded.
   * Padding stands behind the tokens, and a layer that looks ahead must not see it.
   */
  readonly real?: Tensor;
  /** Names an intermediate tensor for the views; the name must be a key of the definition's `probes`. */
  probe(name: string, tensor: Tensor): void;
  /** Only in evaluations: takes a number per example (batch) that is logged as `layers.<k>.<name>`. */
  gauge?(name: string, perExample: Tensor): void;
  /**
   * Only while training: drops elements with probability `rate` and scales the others.
   * @param site a name that no other dropout of the layer has
   * @param shared axes along which the same elements are dropped; none unless given
   */
  dropout?(x: Tensor, rate: number, site: string, shared?: readonly number[]): Tensor;
}

/** Nobody looks, nothing is dropped. */
export const UNSEEN: ForwardContext = { probing: false, probe: () => undefined };

/** A wrong combination of options, in the field's words. `path` is relative to the layer item. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Other options that the rule is about: the problem is shown there when `path` is not written. */
  readonly others?: readonly string[];
  /** A value that would be right at `path`, when there is an obvious one. */
  readonly suggestion?: number | string | boolean;
  readonly severity?: 'error' | 'warning';
}

export interface Paper {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  readonly url: string;
}

/** The cached state of a causal layer between two tokens; shapes without the batch axis. */
export type StateSpec = Readonly<Record<string, Shape>>;

/**
 * @typeParam S the zod object of the written options
 * @typeParam R the options with every derived size explicit (`d_inner`, `dt_rank`, `nheads`, …)
 */
export interface LayerDefinition<S extends z.ZodObject = z.ZodObject, R = unknown> {
  /** The value of `mixer:` in a config. */
  readonly name: string;
  readonly title: string;
  /** One line for completion lists. */
  readonly summary: string;
  /** Markdown for hover and the reference page. */
  readonly description: string;
  /** The recurrence or map, as Markdown with Unicode mathematics. */
  readonly formula: string;
  readonly paper: Paper;
  /** Options as written, with defaults; each field has `.describe()` and may have `.meta()`. */
  readonly options: S;
  /** Fills in everything derived. Must not throw on options that `check` complains about. */
  resolve(options: z.output<S>, dims: Dims): R;
  /** Rules across fields (divisibility, contradictions). */
  check(options: z.output<S>, dims: Dims): Problem[];
  /**
   * `own`: norm and residual are part of the layer; the model adds neither. `next`: the norm is part of the layer, and
   * its output is added to what the next layer (or the head) reads, not to the residual stream.
   */
  readonly residual?: 'own' | 'next';
  /** `stream and input`: `x` comes with the embedded input of the model behind it, (…, 2 · d_model). */
  readonly reads?: 'stream and input';
  /** Whether a parameter belongs to each layer where layers share their parameters; none unless given. */
  perLayer?(parameter: string): boolean;
  /** Whether position t sees only positions ≤ t. */
  causal(resolved: R): boolean;
  /** Fewest and most positions of the sequences that it computes; from one to any number unless given. */
  span?(resolved: R): { readonly least?: number; readonly most?: number };
  parameters(resolved: R, dims: Dims): Parameters;
  /** How many of its parameters a single token does not meet; none unless given. */
  idle?(resolved: R, dims: Dims): number;
  /** `x` (batch, time, d_model), or as `reads` says → (batch, time, d_model). */
  forward(x: Tensor, p: Tensors, resolved: R, dims: Dims, ctx: ForwardContext): Tensor;
  /** Decoding: what is kept between tokens. Absent for layers that cannot decode. */
  state?(resolved: R, dims: Dims): StateSpec;
  /** One token: `x` (batch, d_model), `state` with a leading batch axis → y (batch, d_model) and the next state. */
  step?(x: Tensor, state: Tensors, p: Tensors, resolved: R, dims: Dims): { y: Tensor; state: Tensors };
  /**
   * Several tokens at once, continuing from a state: `x` (batch, time, d_model) → y and the state behind the last
   * token. A layer without it reads a prompt token by token.
   */
  prefill?(x: Tensor, state: Tensors, p: Tensors, resolved: R, dims: Dims): { y: Tensor; state: Tensors };
  readonly probes: Readonly<Record<string, ProbeSpec>>;
}

/** Keeps the type parameters of a definition while checking it against the interface. */
export function defineLayer<S extends z.ZodObject, R>(
  definition: LayerDefinition<S, R>,
): LayerDefinition<S, R> {
  return definition;
}
