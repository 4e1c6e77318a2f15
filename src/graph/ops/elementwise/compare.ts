/** @file Comparisons, with broadcasting; the results are booleans and carry no gradient. */
import { check } from '../../errors';
import { apply1 } from '../../node';
import { defineOperator } from '../../registry';
import { broadcast } from '../../shape';
import type { Operator, Tensor } from '../../types';
import { operands, type Operand } from './binary';
import { mapBroadcast } from './broadcast';

type None = Record<string, never>;

const define = (name: string, onnx: string, f: (a: number, b: number) => boolean): Operator<None> =>
  defineOperator<None>({
    name,
    infer(inputs) {
      check(inputs[0]!.dtype === inputs[1]!.dtype, name, 'operands must be of one type', inputs);
      return [{ dtype: 'bool', shape: broadcast(name, inputs) }];
    },
    evaluate: (inputs, _, [type]) => [mapBroadcast(type!.shape, inputs, (a, b) => Number(f(a!, b!)))],
    lower: (emit, inputs) => [emit.node(onnx, inputs)],
  });

const equalOperator = define('equal', 'Equal', (a, b) => a === b);
const lessOperator = define('less', 'Less', (a, b) => a < b);
const greaterOperator = define('greater', 'Greater', (a, b) => a > b);

export const equal = (a: Operand, b: Operand): Tensor => apply1(equalOperator, operands('equal', a, b), {});
export const less = (a: Operand, b: Operand): Tensor => apply1(lessOperator, operands('less', a, b), {});
export const greater = (a: Operand, b: Operand): Tensor =>
  apply1(greaterOperator, operands('greater', a, b), {});
