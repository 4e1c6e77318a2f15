/** @file State space duality (SSD, Mamba-2) as one operator: shapes, reference, gradient. */
import { check } from '../errors';
import { apply } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Node, Operator, Shape, Tensor } from '../types';
import { expandSsd, expandSsdGradient } from './ssd-lower';
import { evaluateSsd, evaluateSsdGradient } from './ssd-reference';

export interface SsdInputs {
  /** (B, L, H, P), already times the step size. */
  readonly X: Tensor;
  /** (B, L, H), step size times A, ≤ 0. */
  readonly A: Tensor;
  /** (B, L, G, N), G divides H. */
  readonly B: Tensor;
  readonly C: Tensor;
  /** (B, H, P, N), zeros unless given. */
  readonly initialState?: Tensor;
  /** Tokens per chunk of the chunked form; changes speed only. */
  readonly chunkSize?: number;
}

export interface SsdAttributes {
  readonly hasInitial: boolean;
  readonly chunkSize: number;
}

export interface SsdGradientAttributes extends SsdAttributes {
  readonly hasY: boolean;
  readonly hasFinal: boolean;
}

/** @param name of the operator, for messages */
export function checkInputs(
  name: string,
  inputs: readonly Tensor[],
  { hasInitial, chunkSize }: SsdAttributes,
): TypeShapes {
  const [X, A, B, C] = inputs as [Tensor, Tensor, Tensor, Tensor];
  check(X.shape.length === 4, name, 'X must be (B, L, H, P)', inputs);
  const [b, l, h, p] = X.shape as [number, number, number, number];
  check(sameShape(A.shape, [b, l, h]), name, 'A must be (B, L, H)', inputs);
  const [b2, l2, g, n] = B.shape as [number, number, number, number];
  const fits = B.shape.length === 4 && b === b2 && l === l2 && h % g === 0 && sameShape(B.shape, C.shape);
  check(fits, name, 'B and C must be (B, L, G, N) with G dividing H', inputs);
  const state = [b, h, p, n];
  check(!hasInitial || sameShape(inputs[4]!.shape, state), name, 'initialState must be (B, H, P, N)', inputs);
  check(
    inputs.every(({ dtype }) => dtype === 'float32'),
    name,
    'operands must be float32',
    inputs,
  );
  check(Number.isInteger(chunkSize) && chunkSize > 0, name, `chunkSize must be ≥ 1, got ${chunkSize}`);
  return { Y: X.shape, state };
}

interface TypeShapes {
  readonly Y: Shape;
  readonly state: Shape;
}

/**
 * The gradient of an operator with the outputs Y and finalState, by another that takes both, the operator's inputs, and
 * the cotangents that there are.
 */
export const gradientBy =
  <A extends SsdAttributes>(operator: () => Operator<A & SsdGradientAttributes>) =>
  (
    node: Node<A>,
    [dY, dFinal]: readonly (Tensor | undefined)[],
    wanted: readonly boolean[],
  ): (Tensor | undefined)[] => {
    if (!dY && !dFinal) return [];
    const cotangents = [dY, dFinal].filter((t) => t !== undefined);
    const attributes = { ...node.attributes, hasY: dY !== undefined, hasFinal: dFinal !== undefined };
    const found = apply(operator(), [...node.outputs, ...node.inputs, ...cotangents], attributes);
    return found.map((t, i) => (wanted[i] ? t : undefined));
  };

/** Outputs Y and finalState. */
export const ssdOperator: Operator<SsdAttributes> = defineOperator<SsdAttributes>({
  name: 'ssd',
  infer(inputs, attributes) {
    const { Y, state } = checkInputs('ssd', inputs, attributes);
    return [
      { dtype: 'float32', shape: Y },
      { dtype: 'float32', shape: state },
    ];
  },
  evaluate: evaluateSsd,
  gradient: gradientBy<SsdAttributes>(() => ssdGradientOperator),
  expand: expandSsd,
});

/** Inputs: Y and finalState of the forward node, its inputs, then the cotangents that there are. */
export const ssdGradientOperator: Operator<SsdGradientAttributes> = defineOperator<SsdGradientAttributes>({
  name: 'ssdGradient',
  infer: ([, , ...inputs], { hasInitial }) =>
    inputs.slice(0, 4 + Number(hasInitial)).map(({ shape }) => ({ dtype: 'float32', shape })),
  evaluate: evaluateSsdGradient,
  expand: expandSsdGradient,
});

/**
 * S[t] = exp(A[t]) S[t-1] + X[t] ⊗ B[t], Y[t] = S[t] C[t] per head (Dao & Gu, 2024).
 * @returns Y (B, L, H, P) and finalState (B, H, P, N)
 */
export function ssd({ X, A, B, C, initialState, chunkSize = 64 }: SsdInputs): {
  Y: Tensor;
  finalState: Tensor;
} {
  const inputs = [X, A, B, C, ...(initialState ? [initialState] : [])];
  const [Y, finalState] = apply(ssdOperator, inputs, { hasInitial: initialState !== undefined, chunkSize });
  return { Y: Y!, finalState: finalState! };
}
