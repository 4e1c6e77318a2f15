/**
 * @file Expressions that are one operator to the rest of the graph: mixed precision then leaves their products alone,
 * whose intermediate values a half cannot hold. Everything about such an operator follows from its expression.
 */
import { gradients } from '../gradients';
import { interpret } from '../interpret';
import { apply1 } from '../node';
import { stopGradient } from '../ops/elementwise/select';
import { input } from '../ops/leaves';
import { defineOperator } from '../registry';
import type { Operator, Tensor } from '../types';

/**
 * @param build from inputs and attributes to the result; attributes can be written as JSON
 * @returns what applies the operator
 */
export function exact<A>(
  name: string,
  build: (inputs: readonly Tensor[], attributes: A) => Tensor,
): (inputs: readonly Tensor[], attributes: A) => Tensor {
  const operator: Operator<A> = defineOperator<A>({
    name,
    infer(inputs, attributes) {
      const { dtype, shape } = build(inputs, attributes);
      return [{ dtype, shape }];
    },
    evaluate(values, attributes) {
      const inputs = values.map(({ shape }, i) => input(`operand.${i}`, shape));
      const feeds = Object.fromEntries(values.map(({ data }, i) => [`operand.${i}`, data]));
      const result = build(inputs, attributes);
      return [{ shape: result.shape, data: interpret([result], feeds)[0]! }];
    },
    gradient({ inputs, attributes }, [cotangent]) {
      if (!cotangent) return [];
      // One operand may be made from another: each is differentiated alone.
      const alone = inputs.map(stopGradient);
      return gradients([{ output: build(alone, attributes), cotangent }], alone);
    },
    expand: (inputs, attributes) => ({ outputs: [build(inputs, attributes)] }),
  });
  return (inputs, attributes) => apply1(operator, inputs, attributes);
}
