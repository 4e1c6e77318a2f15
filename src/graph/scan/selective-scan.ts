/** @file The selective scan (S6) as one operator: shapes, reference, gradient; the lowerings are beside it. */
import { check } from '../errors';
import { apply } from '../node';
import { defineOperator } from '../registry';
import { add, mul } from '../ops/elementwise/binary';
import { sum } from '../ops/reduce/reduce';
import { reshape } from '../ops/shape/reshape';
import { slice } from '../ops/shape/slice';
import { sameShape } from '../shape';
import type { Node, Operator, Shape, Tensor } from '../types';
import { evaluateScan, evaluateScanGradient } from './selective-scan-reference';
import { expandScan, expandScanGradient } from './selective-scan-lower';

export interface SelectiveScanInputs {
  /** (L, B, E) */
  readonly u: Tensor;
  /** (L, B, E), final: after bias and softplus. */
  readonly delta: Tensor;
  /** (E, N), negative. */
  readonly A: Tensor;
  /** (L, B, N), (L, B, G, N) with G dividing E, or (E, N) */
  readonly B: Tensor;
  readonly C: Tensor;
  /** (E) */
  readonly D?: Tensor;
  /** (B, E, N), zeros unless given. */
  readonly initialState?: Tensor;
  readonly keepStates?: boolean;
}

/** Which optional inputs there are. */
export interface ScanAttributes {
  readonly hasD: boolean;
  readonly hasInitial: boolean;
}

export interface ScanDims {
  readonly L: number;
  readonly B: number;
  readonly E: number;
  readonly N: number;
}

export const scanDims = (u: { shape: Shape }, A: { shape: Shape }): ScanDims => {
  const [L, B, E] = u.shape as [number, number, number];
  return { L, B, E, N: A.shape[1]! };
};

const divides = (part: number, whole: number): boolean => whole % part === 0;

function checkInputs(inputs: readonly Tensor[], { hasD, hasInitial }: ScanAttributes): ScanDims {
  const name = 'selectiveScan';
  const [u, delta, A, B, C] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  check(
    u.shape.length === 3 && sameShape(u.shape, delta.shape),
    name,
    'u and delta must be (L, B, E)',
    inputs,
  );
  check(A.shape.length === 2 && A.shape[0] === u.shape[2], name, 'A must be (E, N)', inputs);
  const dims = scanDims(u, A);
  for (const map of [B, C]) {
    const [l, b] = map.shape;
    const last = map.shape[map.shape.length - 1];
    const rank = map.shape.length;
    const fits =
      rank === 2
        ? sameShape(map.shape, A.shape)
        : l === dims.L &&
          b === dims.B &&
          last === dims.N &&
          (rank === 3 || (rank === 4 && divides(map.shape[2]!, dims.E)));
    check(fits, name, 'B and C must be (L, B, N), (L, B, G, N) with G dividing E, or (E, N)', inputs);
  }
  const D = hasD ? inputs[5] : undefined;
  check(!D || sameShape(D.shape, [dims.E]), name, 'D must be (E)', inputs);
  const initial = hasInitial ? inputs[hasD ? 6 : 5] : undefined;
  check(
    !initial || sameShape(initial.shape, [dims.B, dims.E, dims.N]),
    name,
    'initialState must be (B, E, N)',
    inputs,
  );
  check(
    inputs.every(({ dtype }) => dtype === 'float32'),
    name,
    'operands must be float32',
    inputs,
  );
  return dims;
}

/** Outputs y, lastState, states. */
export const scanOperator: Operator<ScanAttributes> = defineOperator<ScanAttributes>({
  name: 'selectiveScan',
  infer(inputs, attributes) {
    const { L, B, E, N } = checkInputs(inputs, attributes);
    const type = (shape: Shape) => ({ dtype: 'float32', shape }) as const;
    return [type([L, B, E]), type([B, E, N]), type([L, B, E, N])];
  },
  evaluate: evaluateScan,
  gradient(node, [dy, dLast, dStates], wanted) {
    check(!dStates, 'selectiveScan', 'the kept states are not differentiable; use y or lastState');
    if (!dy && !dLast) return [];
    const cotangents = [dy, dLast].filter((t) => t !== undefined);
    const attributes = { ...node.attributes, hasY: dy !== undefined, hasLast: dLast !== undefined };
    const found = apply(scanGradientOperator, [node.outputs[0]!, ...node.inputs, ...cotangents], attributes);
    return found.map((t, i) => (wanted[i] ? t : undefined));
  },
  expand: expandScan,
});

export interface ScanGradientAttributes extends ScanAttributes {
  readonly hasY: boolean;
  readonly hasLast: boolean;
}

/** Inputs: y (which names the forward node), the scan's inputs, then the cotangents that there are. */
export const scanGradientOperator: Operator<ScanGradientAttributes> = defineOperator<ScanGradientAttributes>({
  name: 'selectiveScanGradient',
  infer: ([, ...inputs], { hasD, hasInitial }) =>
    inputs.slice(0, 5 + Number(hasD) + Number(hasInitial)).map(({ shape }) => ({ dtype: 'float32', shape })),
  evaluate: evaluateScanGradient,
  expand: expandScanGradient,
});

/**
 * The recurrence h[t] = exp(δ[t] A) ⊙ h[t-1] + δ[t] u[t] B[t], y[t] = h[t] C[t] + D ⊙ u[t] (Gu & Dao, 2023), time
 * first.
 * @returns y (L, B, E); lastState (B, E, N); states (L, B, E, N) when `keepStates`, which carry no gradient
 */
export function selectiveScan({ u, delta, A, B, C, D, initialState, keepStates }: SelectiveScanInputs): {
  y: Tensor;
  lastState: Tensor;
  states?: Tensor;
} {
  const inputs = [u, delta, A, B, C, ...(D ? [D] : []), ...(initialState ? [initialState] : [])];
  const attributes = { hasD: D !== undefined, hasInitial: initialState !== undefined };
  const [y, lastState, states] = apply(scanOperator, inputs, attributes) as [Tensor, Tensor, Tensor];
  return { y, lastState, ...(keepStates && { states }) };
}

/**
 * y of the last step of a scan, (1, B, E), from the last state: what a model needs whose answer comes at the end.
 * The gradient then enters the scan at its end alone.
 */
export function lastOutput({ inputs, outputs, attributes }: Node<ScanAttributes>): Tensor {
  const [u, , A, , C] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const { L, B, E, N } = scanDims(u, A);
  const last = (x: Tensor): Tensor => slice(x, 0, L - 1, L);
  const groups = C.shape.length === 4 ? C.shape[2]! : 1;
  const map = C.shape.length === 2 ? reshape(C, [1, 1, E, N]) : reshape(last(C), [B, groups, 1, N]);
  const width = C.shape.length === 2 ? [1, E] : [groups, E / groups];
  const y = reshape(sum(mul(reshape(outputs[1]!, [B, ...width, N]), map), [3]), [1, B, E]);
  return attributes.hasD ? add(y, mul(last(u), inputs[5]!)) : y;
}
