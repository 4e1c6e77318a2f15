/** @file What the feed-forward layers share: activations, the hidden width, two projections, their decoding step. */
import * as z from 'zod';
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import {
  UNSEEN,
  type Dims,
  type ForwardContext,
  type Parameters,
  type Problem,
  type Tensors,
} from '../define';
import { gauged } from './gauges';
import { probe } from './probe';
import { linearParameters, project, residualInit } from './projection';

/** Activations by name; `relu2` is the squared ReLU (So et al., 2021). */
export const activations = {
  silu: g.silu,
  gelu: g.gelu,
  relu: g.relu,
  relu2: (x: Tensor): Tensor => g.square(g.relu(x)),
  sigmoid: g.sigmoid,
  tanh: g.tanh,
  identity: (x: Tensor): Tensor => x,
} as const;

/** What a feed-forward layer without a choice of gates does to its hidden channels. */
export const activationOption = z
  .enum(['swiglu', 'gelu', 'silu', 'relu', 'relu2'])
  .default('swiglu')
  .describe(
    'swiglu: value · silu(gate), two projections; otherwise one projection: exact GELU, SiLU, ReLU or its square.',
  );

/** The same as a function; with swiglu the last axis is [value, gate]. */
export const activate =
  (
    {
      activation,
      gate_scale: factor = 1,
    }: { readonly activation: z.output<typeof activationOption>; readonly gate_scale?: number | undefined },
    ctx: ForwardContext = UNSEEN,
  ) =>
  (wide: Tensor): Tensor =>
    activation === 'swiglu'
      ? gated(
          wide,
          gauged(ctx, (gate) => activations.silu(factor === 1 ? gate : g.mul(gate, factor))),
        )
      : gauged(ctx, activations[activation])(wide);

/** Options of the hidden width, the same for every feed-forward layer. */
export const widthOptions = {
  multiple_of: z
    .int()
    .positive()
    .default(128)
    .describe('The hidden width is rounded up to a multiple of this.'),
  bias: z.boolean().default(false).describe('Biases of fc1 and fc2.'),
};

interface Width {
  readonly d_intermediate?: number | undefined;
  readonly multiple_of: number;
}

export const hiddenWidth = (o: Width, usual: number): number =>
  Math.ceil((o.d_intermediate ?? usual) / o.multiple_of) * o.multiple_of;

/** A warning where the written width is not the built one. */
export function widthProblems(o: Width): Problem[] {
  const rounded = hiddenWidth(o, 0);
  if (o.d_intermediate === undefined || rounded === o.d_intermediate) return [];
  return [
    {
      path: ['d_intermediate'],
      message: `d_intermediate is rounded up to ${rounded}, a multiple of multiple_of (${o.multiple_of}).`,
      suggestion: rounded,
      severity: 'warning',
    },
  ];
}

/** fc1 (parts · hidden, d_model) and fc2 (d_model, hidden). */
export function twoProjections(
  r: { readonly d_hidden: number; readonly bias: boolean },
  dims: Dims,
  parts: 1 | 2,
): Parameters {
  return {
    ...linearParameters('fc1', dims.d_model, parts * r.d_hidden, { bias: r.bias }),
    ...linearParameters('fc2', r.d_hidden, dims.d_model, {
      bias: r.bias,
      init: residualInit(r.d_hidden, dims),
    }),
  };
}

/** value ⊙ f(gate) from [value, gate] in the last axis. */
export function gated(wide: Tensor, f: (gate: Tensor) => Tensor): Tensor {
  const axis = wide.shape.length - 1;
  const half = wide.shape[axis]! / 2;
  const [value, gate] = g.split(wide, axis, [half, half]) as [Tensor, Tensor];
  return f === g.silu ? g.siluGate(value, gate) : g.mul(value, f(gate));
}

/** fc2 of what `activate` makes of fc1, which is handed to `seen` on the way. */
export function feedForward(
  x: Tensor,
  p: Tensors,
  activate: (wide: Tensor) => Tensor,
  seen?: (hidden: Tensor) => void,
): Tensor {
  const hidden = activate(project(x, p, 'fc1'));
  seen?.(hidden);
  return project(hidden, p, 'fc2');
}

export const hiddenProbe = { hidden: probe('Hidden activations.', ['batch', 'time', 'channel']) };
