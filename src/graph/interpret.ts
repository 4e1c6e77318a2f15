/** @file The graph in float64, operator by operator: the reference for gradients and lowerings. */
import { reachable } from './node';
import type { InputAttributes } from './ops/leaves';
import { size } from './shape';
import type { NumericArray, Tensor, Value } from './types';

/**
 * Values of the outputs in float64, row-major.
 * @param feeds values of the graph inputs by name
 * @throws when an input has no values or the wrong number of them
 */
export function interpret(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, NumericArray>>,
): Float64Array[] {
  const values = new Map<Tensor, Value>();
  for (const node of reachable(outputs)) {
    const { operator, inputs, attributes } = node;
    const found =
      operator.name === 'input'
        ? [fed(attributes as InputAttributes, feeds)]
        : operator.evaluate(
            inputs.map((input) => values.get(input)!),
            attributes,
            node.outputs,
          );
    for (const [i, output] of node.outputs.entries()) values.set(output, found[i]!);
  }
  return outputs.map((output) => values.get(output)!.data);
}

function fed({ name, shape }: InputAttributes, feeds: Readonly<Record<string, NumericArray>>): Value {
  const given = feeds[name];
  if (!given) throw new Error(`interpret: no values for the graph input ${name} [${shape.join(', ')}]`);
  if (given.length !== size(shape)) {
    throw new Error(`interpret: ${given.length} values for the graph input ${name} [${shape.join(', ')}]`);
  }
  return { shape, data: Float64Array.from(given) };
}
