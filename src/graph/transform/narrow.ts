/**
 * @file A range of a tensor, computed without what lies outside of it. A task that asks for its last positions only
 * needs no more of the last layer's gate, output projection and scan than those.
 */
import { apply1, atScope, reachable } from '../node';
import { gemm } from '../ops/matrix/linear';
import { rows } from '../ops/matrix/matmul';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { transpose } from '../ops/shape/transpose';
import { lastOutput, scanOperator } from '../scan/selective-scan';
import { sameShape } from '../shape';
import type { Node, Tensor } from '../types';

/** Operators whose every element depends on the elements at its own place alone. */
const ELEMENTWISE = new Set(
  'add sub mul div maximum minimum neg exp log sqrt reciprocal sigmoid tanh relu erf silu siluGate gelu softplus'.split(
    ' ',
  ),
);

/**
 * `slice(x, axis, start, end)`, moved through elementwise operators, transpositions and linear maps up to what
 * something else needs as a whole.
 */
export function narrow(x: Tensor, axis: number, start: number, end: number): Tensor {
  if (end - start === x.shape[axis]) return x;
  const users = new Map<Tensor, number>();
  for (const { inputs } of reachable([x])) {
    for (const input of new Set(inputs)) users.set(input, (users.get(input) ?? 0) + 1);
  }

  const range = (tensor: Tensor, along: number): Tensor => {
    const others = (users.get(tensor) ?? 0) - Number(tensor !== x);
    const inside = others > 0 ? undefined : atScope(tensor.node.scope, () => through(tensor, along));
    return inside ?? slice(tensor, along, start, end);
  };

  /** The range by way of the operands; undefined where the operator does not allow it. */
  const through = (tensor: Tensor, along: number): Tensor | undefined => {
    const { operator, inputs, attributes } = tensor.node;
    if (ELEMENTWISE.has(operator.name)) {
      const operands = inputs.map((input) => {
        const own = along - (tensor.shape.length - input.shape.length);
        return own < 0 || input.shape[own] === 1 ? input : range(input, own);
      });
      return apply1(operator, operands, attributes);
    }
    if (operator.name === 'transpose') {
      const { perm } = attributes as { readonly perm: readonly number[] };
      return transpose(range(inputs[0]!, perm[along]!), perm);
    }
    if (operator === scanOperator) {
      const last = along === 0 && start === tensor.shape[0]! - 1 && tensor.output === 0;
      return last ? lastOutput(tensor.node) : undefined;
    }
    return linearRange(tensor, along);
  };

  /** A linear map over the last axis, written as a product of the flattened rows. */
  const linearRange = (tensor: Tensor, along: number): Tensor | undefined => {
    const product = operandOf(tensor.node, 'reshape', 'linear');
    const operand = product && operandOf(product.node, 'linear', 'reshape');
    const [from] = operand?.node.inputs ?? [];
    if (!product || !operand || !from) return undefined;
    const { transA, transB } = product.node.attributes as {
      readonly transA: boolean;
      readonly transB: boolean;
    };
    const [, weight, bias] = product.node.inputs as [Tensor, Tensor, Tensor?];
    const lead = tensor.shape.slice(0, -1);
    const alone = [product, operand].every((t) => users.get(t) === 1);
    const plain = !transA && (bias === undefined || bias.shape.length === 1) && along < lead.length;
    if (!alone || !plain || !sameShape(from.shape.slice(0, -1), lead)) return undefined;
    const part = range(from, along);
    return reshape(gemm(rows(part), weight, false, transB, bias), [
      ...part.shape.slice(0, -1),
      tensor.shape.at(-1)!,
    ]);
  };

  return range(x, axis);
}

/** The first operand of a node of the first kind, if a node of the second kind made it. */
function operandOf({ operator, inputs }: Node, kind: string, made: string): Tensor | undefined {
  return operator.name === kind && inputs[0]!.node.operator.name === made ? inputs[0] : undefined;
}
