/**
 * @file SSD with a state that turns (Mamba-3) as one operator. As SSD of turned maps alone its gradients of the turns
 * would be sums over all of time, of addends that cancel: what does not pass a token must leave no rounding there.
 */
import { check } from '../errors';
import { apply } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Operator, Tensor } from '../types';
import type { Pairs } from './rotate';
import {
  checkInputs,
  gradientBy,
  type SsdAttributes,
  type SsdGradientAttributes,
  type SsdInputs,
} from './ssd';
import { expandTurningSsd, expandTurningSsdGradient } from './turning-ssd-lower';
import { evaluateTurningSsd, evaluateTurningSsdGradient } from './turning-ssd-reference';

export interface TurningSsdInputs extends SsdInputs {
  /** What every token adds to the angles, (B, T, H, K); T divides L: rows of one token stand one after the other. */
  readonly turn: Tensor;
  /** Channels of the state that form the K pairs: the first neighbours, or i and i + N/2. */
  readonly pairs: Pairs;
}

export interface TurningSsdAttributes extends SsdAttributes {
  readonly pairs: Pairs;
}

export interface TurningSsdGradientAttributes extends SsdGradientAttributes {
  readonly pairs: Pairs;
}

/** Operands in the order of the operators: the turns stand behind those that every SSD has. */
const ssdOperands = <T>([X, A, B, C, , ...initial]: readonly T[]): T[] => [X!, A!, B!, C!, ...initial];

const operator: Operator<TurningSsdAttributes> = defineOperator<TurningSsdAttributes>({
  name: 'turningSsd',
  infer(inputs, attributes) {
    const { Y, state } = checkInputs('turningSsd', ssdOperands(inputs), attributes);
    const [b, l, h] = Y as [number, number, number];
    const [, , B, , turn] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [b2, t, h2, k] = turn.shape as [number, number, number, number];
    const fits = turn.shape.length === 4 && b === b2 && h === h2 && l % t === 0 && 2 * k <= B.shape[3]!;
    check(fits, 'turningSsd', 'turn must be (B, T, H, K) with T dividing L and 2 K ≤ N', inputs);
    check(sameShape(B.shape.slice(0, 3), [b, l, h]), 'turningSsd', 'B and C must be (B, L, H, N)', inputs);
    return [
      { dtype: 'float32', shape: Y },
      { dtype: 'float32', shape: state },
    ];
  },
  evaluate: evaluateTurningSsd,
  gradient: gradientBy<TurningSsdAttributes>(() => gradientOperator),
  expand: expandTurningSsd,
});

/** Inputs: Y and finalState of the forward node, its inputs, then the cotangents that there are. */
const gradientOperator: Operator<TurningSsdGradientAttributes> = defineOperator<TurningSsdGradientAttributes>(
  {
    name: 'turningSsdGradient',
    infer: ([, , ...inputs], { hasInitial }) =>
      inputs.slice(0, 5 + Number(hasInitial)).map(({ shape }) => ({ dtype: 'float32', shape })),
    evaluate: evaluateTurningSsdGradient,
    expand: expandTurningSsdGradient,
  },
);

/**
 * S[t] = exp(A[t]) S[t-1] + X[t] ⊗ R(Θ[t]) B[t], Y[t] = S[t] R(Θ[t]) C[t] per head, where Θ[t] is the sum of the
 * turns up to the token and R turns the pairs of the state by it (Lahoti et al., 2026).
 * @returns Y (B, L, H, P) and finalState (B, H, P, N), which has not turned
 */
export function turningSsd({ X, A, B, C, turn, pairs, initialState, chunkSize = 64 }: TurningSsdInputs): {
  Y: Tensor;
  finalState: Tensor;
} {
  const inputs = [X, A, B, C, turn, ...(initialState ? [initialState] : [])];
  const attributes = { hasInitial: initialState !== undefined, chunkSize, pairs };
  const [Y, finalState] = apply(operator, inputs, attributes);
  return { Y: Y!, finalState: finalState! };
}
