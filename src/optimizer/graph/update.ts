/** @file The optimiser as graph: norm, clipping and the rule's update behind gradients. */
import * as g from '../../graph';
import type { Tensor } from '../../graph';
import type { UpdateConfig } from '../config';
import type { Update } from '../cpu';
import { parameterGroups, type ParameterInfo } from '../groups';
import { updateRule } from '../rules';
import { bundles } from './bundles';
import { NEXT, stateName } from './names';

/** Micro-batches times loss scale: what the sum of gradients is divided by, as its reciprocal. */
const INVERSE = 'inverse';

export interface UpdateGraph {
  /** `grad_norm`, and `next.<input>` for every parameter and state. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Values of the scalars that change from step to step, by input name. */
  scalars(update: Update, divisor: number): Record<string, Float32Array>;
}

/**
 * @param gradients sums over micro-batches, by parameter
 * @returns nodes whose inputs are the parameters, their states and a few scalars
 */
export function updateGraph(
  gradients: ReadonlyMap<string, Tensor>,
  parameters: ReadonlyMap<string, ParameterInfo>,
  { optimizer, clip }: UpdateConfig,
): UpdateGraph {
  const rule = updateRule(optimizer);
  const groups = parameterGroups(parameters, optimizer);
  const inverse = g.input(INVERSE, []);
  const outputs: Record<string, Tensor> = {};
  // Of a node's operands a runtime computes the one that was made last first: the norm, which asks for the gradients in
  // the order of the backward pass, is made after what joins them.
  const updated = g.scope('optimizer', () =>
    groups.flatMap(({ names }, group) =>
      bundles(names, (name) => parameters.get(name)!.shape).map((bundle) => ({
        ...{ group, bundle },
        gradient: bundle.join((name) => gradients.get(name)!),
      })),
    ),
  );
  const scale = g.scope('clip', () => {
    // From the last parameter to the first, as the backward pass finds them: added up in their own order, the first
    // gradient would be asked for first, and the operands of all others would stay until the backward pass is over.
    const squares = [...gradients.values()].reverse().map((gradient) => g.sum(g.square(gradient)));
    const norm = g.mul(g.sqrt(squares.reduce((total, square) => g.add(total, square))), inverse);
    outputs['grad_norm'] = norm;
    // Nothing is updated before the norm is known, so that gradients are asked for in its order alone.
    return clip > 0
      ? g.mul(g.minimum(1, g.div(clip, g.add(norm, 1e-6))), inverse)
      : g.behind(inverse, [norm]);
  });
  const names = Object.keys(rule.scalars(1, 0, 0));
  const scalarName = (name: string, group: number): string => `${name}.${group}`;
  g.scope('optimizer', () => {
    for (const { group, bundle, gradient } of updated) {
      const scalars = Object.fromEntries(names.map((name) => [name, g.input(scalarName(name, group), [])]));
      const states = rule.states.map((state) =>
        bundle.join((name, shape) => g.input(stateName(state, name), shape)),
      );
      const next = rule.graph(bundle.join(g.input), g.mul(gradient, scale), states, scalars);
      bundle.divide(next.parameter, (name, part) => (outputs[NEXT + name] = part));
      rule.states.forEach((state, i) =>
        bundle.divide(next.states[i]!, (name, part) => (outputs[NEXT + stateName(state, name)] = part)),
      );
    }
  });
  return {
    outputs,
    scalars({ step, rate }, divisor) {
      const found: Record<string, Float32Array> = { [INVERSE]: Float32Array.of(1 / divisor) };
      for (const [index, { lr, weightDecay }] of groups.entries()) {
        for (const [name, value] of Object.entries(rule.scalars(step, rate(lr), weightDecay))) {
          found[scalarName(name, index)] = Float32Array.of(value);
        }
      }
      return found;
    },
  };
}
