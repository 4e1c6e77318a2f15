/**
 * @file What a model costs, counted on its own forward graph: a layer that is added to the list is counted
 * without a line here.
 */
import * as g from '../graph';
import type { Node } from '../graph';
import type { Model } from './model';
import { countOf } from './parameters';

export interface LayerCost {
  readonly index: number;
  readonly mixer: string;
  /** With its norm; those that layers share are counted at the first. */
  readonly parameters: number;
  /** Floating point operations of the forward pass, per token of an example of this length. */
  readonly flopsPerToken: number;
  /** Bytes of the decoding state of one sequence; absent when the layer cannot decode. */
  readonly stateBytes?: number;
}

export interface ModelCost {
  readonly parameters: number;
  /** Forward pass, per token; a training step costs about three times as much. */
  readonly flopsPerToken: number;
  /** Bytes of the decoding state of one sequence; absent when the model cannot decode. */
  readonly stateBytes?: number;
  readonly perLayer: readonly LayerCost[];
}

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Operators that only move numbers. */
const FREE = new Set(
  (
    'input constant full iota cast reshape transpose slice pad concat split expand spread ' +
    'gather takeAlong stopGradient where'
  ).split(' '),
);

/** Pairs of a query and a key that it may look at. */
function pairsOf(time: number, { causal, window = time }: g.Sight): number {
  let pairs = 0;
  for (let before = 0; before < time; before++) {
    const after = causal ? 0 : Math.min(time - 1 - before, window - 1);
    pairs += Math.min(before, window - 1) + 1 + after;
  }
  return pairs;
}

/** Operations of one node: a product of matrices 2·M·N·K, a scan per state entry, else one per element touched. */
export function nodeFlops(node: Node): number {
  const { name } = node.operator;
  const inputs = node.inputs.map((input) => size(input.shape));
  const outputs = node.outputs.reduce((total, output) => total + size(output.shape), 0);
  if (FREE.has(name)) return 0;
  switch (name) {
    case 'matmul': {
      const { transA } = node.attributes as { readonly transA: boolean };
      return 2 * outputs * node.inputs[0]!.shape.at(transA ? -2 : -1)!;
    }
    case 'linear':
    case 'gemm':
      // (m, k) × (k, n), either of them stored transposed.
      return 2 * outputs * (inputs[0]! / node.outputs[0]!.shape[0]!);
    case 'conv':
    case 'convTranspose':
      // Every place of the side that the windows stand on meets its taps.
      return 2 * (name === 'conv' ? outputs : inputs[0]!) * size(node.inputs[1]!.shape.slice(1));
    case 'causalConv1d':
      return 2 * outputs * node.inputs[1]!.shape.at(-1)!;
    case 'selectiveScan': {
      // exp, decay, write and read: about nine per state entry and token (Gu & Dao, 2023).
      const states = node.inputs[2]!.shape.at(-1)!;
      return 9 * inputs[0]! * states;
    }
    case 'ssd':
    case 'turningSsd': {
      // Decay, write and read of every state entry: the recurrent count, which no chunking goes below.
      const states = node.inputs[2]!.shape.at(-1)!;
      return 6 * inputs[0]! * states;
    }
    case 'attention': {
      // Two products of queries with what they look at, and five operations of the softmax.
      const [batch, heads, time, width] = node.inputs[0]!.shape as [number, number, number, number];
      const pairs = batch * heads * pairsOf(time, node.attributes as g.Sight);
      return pairs * (2 * width + 2 * node.outputs[0]!.shape[3]! + 5);
    }
    case 'diagonalConv':
      // One complex product and one read per state and token.
      return 8 * inputs[0]! * node.inputs[1]!.shape[1]!;
    case 'diagonalKernel':
      return 4 * outputs * node.inputs[0]!.shape[1]!;
    case 'dplrKernel':
      // Cauchy sums of every numerator at half as many nodes, in complex arithmetic.
      return 8 * outputs * node.inputs[0]!.shape[1]! * (1 + node.inputs[2]!.shape[0]!) ** 2;
    case 'dplrKernelByPowers':
      // Every tap is a product of what a chunk has written and what another reads of it, 2 M numbers each.
      return 4 * outputs * node.inputs[0]!.shape[1]!;
    case 'longConv': {
      // A transform of twice the length there and back, 5 n log n operations each.
      const length = node.inputs[0]!.shape[2]!;
      return 20 * inputs[0]! * Math.ceil(Math.log2(2 * length));
    }
    case 'crossEntropy':
      return 5 * inputs[0]!;
    case 'softmax':
    case 'logSoftmax':
    case 'rmsNorm':
    case 'layerNorm':
    case 'batchNorm':
      return 5 * outputs;
    default:
      return Math.max(outputs, ...inputs);
  }
}

/** @param length time steps of one example */
export function modelCost(model: Model, length: number): ModelCost {
  const { logits } = model.forward(
    model.inputs(1, length),
    model.targetInput(1, length),
    model.parameterInputs(),
  );
  const flops = new Map<string, number>();
  let total = 0;
  for (const node of g.reachable([logits])) {
    const [where] = node.scope.split('/') as [string];
    const count = nodeFlops(node) / length;
    flops.set(where, (flops.get(where) ?? 0) + count);
    total += count;
  }
  const perLayer = model.layers.map((layer): LayerCost => {
    const own = [...model.parameters].filter(([name]) => name.startsWith(`${layer.prefix}.`));
    const bytes = model.stateBytes(layer.index);
    return {
      index: layer.index,
      mixer: layer.mixer,
      parameters: countOf(own.map(([, spec]) => spec)),
      flopsPerToken: flops.get(`layers.${layer.index}`) ?? 0,
      ...(bytes === undefined ? {} : { stateBytes: bytes }),
    };
  });
  const bytes = perLayer.map((layer) => layer.stateBytes);
  return {
    parameters: model.parameterCount,
    flopsPerToken: total,
    ...(bytes.includes(undefined) ? {} : { stateBytes: bytes.reduce<number>((sum, one) => sum + one!, 0) }),
    perLayer,
  };
}
