/** @file Softmax attention as one operator: shapes, reference, gradient. */
import { check } from '../errors';
import { isFloat } from '../dtype';
import { apply, apply1 } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Operator, Tensor } from '../types';
import { expandAttention, expandAttentionGradient } from './attention-lower';
import { evaluateAttention, evaluateAttentionGradient } from './attention-reference';

/** What a query may look at. Queries and keys stand at the same positions. */
export interface Sight {
  /** Itself and earlier positions only. */
  readonly causal: boolean;
  /** Positions on each side, the query's own included; all unless given. */
  readonly window?: number | undefined;
}

export interface AttentionInputs extends Sight {
  /** (batch, heads, time, width), already scaled; heads that share a key head stand next to each other. */
  readonly q: Tensor;
  /** (batch, key heads, time, width) */
  readonly k: Tensor;
  /** (batch, key heads, time, value width) */
  readonly v: Tensor;
  /** 0 for padding (batch, time), which nobody looks at; it stands behind all that a causal query sees. */
  readonly real?: Tensor | undefined;
}

export interface AttentionAttributes extends Sight {
  readonly hasReal: boolean;
}

function checkInputs(inputs: readonly Tensor[], { window = 1, hasReal }: AttentionAttributes): void {
  const [q, k, v, real] = inputs as [Tensor, Tensor, Tensor, Tensor?];
  const complain = (holds: boolean, what: string): void => check(holds, 'attention', what, inputs);
  complain(
    [q, k, v].every(({ shape }) => shape.length === 4),
    'q, k and v must be (batch, heads, time, width)',
  );
  const [batch, heads, time, width] = q.shape as [number, number, number, number];
  const shared = k.shape[1]!;
  complain(
    sameShape(k.shape, [batch, shared, time, width]) && heads % shared === 0,
    'k must be (batch, key heads, time, width of q) with key heads dividing the heads',
  );
  complain(sameShape(v.shape.slice(0, 3), k.shape.slice(0, 3)), 'v must have the heads and the time of k');
  complain(
    isFloat(q.dtype) && k.dtype === q.dtype && v.dtype === q.dtype,
    'q, k and v must be floats of one type',
  );
  complain(!hasReal || sameShape(real!.shape, [batch, time]), 'real must be (batch, time)');
  complain(Number.isInteger(window) && window > 0, 'window must be a whole number of at least 1');
}

const attentionOperator: Operator<AttentionAttributes> = defineOperator<AttentionAttributes>({
  name: 'attention',
  infer(inputs, attributes) {
    checkInputs(inputs, attributes);
    const [q, , v] = inputs as [Tensor, Tensor, Tensor];
    return [{ dtype: q.dtype, shape: [...q.shape.slice(0, 3), v.shape[3]!] }];
  },
  evaluate: evaluateAttention,
  gradient({ inputs, outputs, attributes }, [dy], wanted) {
    if (!dy) return [];
    const found = apply(gradientOperator, [outputs[0]!, ...inputs, dy], attributes);
    return found.map((tensor, i) => (wanted[i] ? tensor : undefined));
  },
  expand: expandAttention,
});

/** Inputs: the output, the operands, the output's cotangent. Outputs: of q, k and v. */
const gradientOperator: Operator<AttentionAttributes> = defineOperator<AttentionAttributes>({
  name: 'attentionGradient',
  infer: ([, ...inputs]) => inputs.slice(0, 3).map(({ dtype, shape }) => ({ dtype, shape })),
  evaluate: evaluateAttentionGradient,
  expand: expandAttentionGradient,
});

/**
 * softmax(q kᵀ) v over what each query may look at (Vaswani et al., 2017): (batch, heads, time, value width).
 * @throws ShapeError
 */
export function attention({ q, k, v, causal, window, real }: AttentionInputs): Tensor {
  const hasReal = real !== undefined && !causal;
  const inputs = [q, k, v, ...(hasReal ? [real] : [])];
  return apply1(attentionOperator, inputs, { causal, hasReal, ...(window !== undefined && { window }) });
}
