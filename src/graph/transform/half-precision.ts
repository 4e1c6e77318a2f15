/**
 * @file Mixed precision (Micikevicius et al., 2018): products and convolutions in half precision, what follows
 * them where that is harmless, and everything else in float32. Parameters stay float32 and are cast where used.
 */
import { isFloat } from '../dtype';
import { apply, atScope, reachable } from '../node';
import { cast } from '../ops/elementwise/select';
import type { Node, Tensor } from '../types';

/** Operators that half precision makes faster. */
const HALF = new Set(['matmul', 'linear', 'attention', 'causalConv1d', 'conv1d', 'conv2d', 'convTranspose']);

/** Operators that take their operands' precision: moving numbers, and arithmetic that loses no more than a cast. */
const FOLLOWING = new Set(
  (
    'expand concat split transpose reshape slice pad spread where add sub mul neg maximum minimum ' +
    'relu silu siluGate gelu sigmoid tanh abs stopGradient'
  ).split(' '),
);

/** Constants outside of this range are infinities or zeros in half precision. */
const LARGEST = 65504;
const SMALLEST = 2 ** -14;

const representable = (value: number): boolean =>
  value === 0 || (Math.abs(value) <= LARGEST && Math.abs(value) >= SMALLEST);

/** Constants adapt to what they meet; undefined for anything that is computed. */
function constantFits({ node, dtype }: Tensor): boolean | undefined {
  if (!isFloat(dtype)) return undefined;
  const { operator, attributes } = node;
  if (operator.name === 'constant') {
    const { values } = attributes as { values: ArrayLike<number> };
    return Array.from(values).every(representable);
  }
  const value = operator.name === 'full' ? (attributes as { value: number }).value : undefined;
  return value === undefined ? undefined : representable(value);
}

function takesHalf({ operator }: Node, inputs: readonly Tensor[]): boolean {
  if (HALF.has(operator.name)) return true;
  if (!FOLLOWING.has(operator.name)) return false;
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  const computed = floats.filter((tensor) => constantFits(tensor) === undefined);
  const fits = floats.every((tensor) => constantFits(tensor) !== false);
  return fits && computed.length > 0 && computed.every(({ dtype }) => dtype === 'float16');
}

/**
 * The tensor in mixed precision, of the type it had.
 * @param leaves where to stop: taken as they are
 * @param parameters leaves too; what depends on them alone, such as the kernel of a state space, stays float32
 */
export function halfPrecision(
  output: Tensor,
  leaves: readonly Tensor[],
  parameters: readonly Tensor[] = [],
): Tensor {
  const mapped = new Map<Tensor, Tensor>([...leaves, ...parameters].map((leaf) => [leaf, leaf]));
  const fixed = new Set(parameters);
  for (const node of reachable([output], mapped)) {
    const constant = node.operator.name !== 'input' && node.inputs.every((input) => fixed.has(input));
    if (constant) for (const result of node.outputs) fixed.add(result);
    const outputs = constant ? node.outputs : atScope(node.scope, () => again(node, mapped));
    node.outputs.forEach((before, i) => mapped.set(before, outputs[i]!));
  }
  return cast(mapped.get(output)!, output.dtype);
}

function again(node: Node, mapped: ReadonlyMap<Tensor, Tensor>): readonly Tensor[] {
  const inputs = node.inputs.map((input) => mapped.get(input)!);
  const dtype = takesHalf(node, inputs) ? 'float16' : 'float32';
  const operands = inputs.map((input) => (isFloat(input.dtype) ? cast(input, dtype) : input));
  const unchanged = operands.every((operand, i) => operand === node.inputs[i]);
  return unchanged ? node.outputs : apply(node.operator, operands, node.attributes);
}
