/**
 * @file Convolution with kernels that are sums of exponentials, which is what a time-invariant state space model
 * with a diagonal state matrix computes. No kernel as long as the input is ever made.
 */
import { check } from '../errors';
import { apply, apply1 } from '../node';
import { defineOperator } from '../registry';
import { sameShape } from '../shape';
import type { Operator, Shape, Tensor } from '../types';
import type { Complex } from './complex';
import { expandConvolution, expandModeGradients } from './diagonal-chunked';
import type { Exponents } from './phase';
import { evaluateConvolution, evaluateModeGradients } from './diagonal-reference';

export interface DiagonalAttributes {
  /** Looks ahead: the adjoint, y[t] = Σ K[s] u[t + s]. */
  readonly ahead: boolean;
}

type None = Record<string, never>;

function checkModes(inputs: readonly Tensor[], sequences: number): void {
  const [u, ...rest] = inputs as [Tensor, ...Tensor[]];
  check(u.shape.length === 3 && u.shape[2]! > 0, 'diagonalConv', 'u must be (H, rows, L)', inputs);
  const modes = rest.slice(sequences - 1);
  const shape = modes[0]!.shape;
  const fits = shape.length === 2 && shape[0] === u.shape[0];
  check(
    fits && modes.every((mode) => sameShape(mode.shape, shape)),
    'diagonalConv',
    'exponents and weights must be (H, N)',
    inputs,
  );
}

/** Inputs u, Re a, Im a, Re w, Im w, and where it is known what Im a lacks. */
const convolutionOperator: Operator<DiagonalAttributes> = defineOperator<DiagonalAttributes>({
  name: 'diagonalConv',
  infer(inputs) {
    checkModes(inputs, 1);
    return [{ dtype: 'float32', shape: inputs[0]!.shape }];
  },
  evaluate: evaluateConvolution,
  gradient({ inputs, attributes: { ahead } }, [dy], wanted) {
    if (!dy) return [];
    const [u, ...modes] = inputs as [Tensor, ...Tensor[]];
    const du = wanted[0] ? apply1(convolutionOperator, [dy, ...modes], { ahead: !ahead }) : undefined;
    if (!wanted.slice(1).includes(true)) return [du];
    // ⟨dy, K* u⟩ = ⟨K dy, u⟩: looking ahead is looking back with the sequences exchanged.
    const sequences = ahead ? [dy, u] : [u, dy];
    return [du, ...apply(modeGradientOperator, [...sequences, ...modes], {})];
  },
  expand: expandConvolution,
});

/** Gradients of ⟨dy, K ∗ u⟩ with respect to Re a, Im a, Re w, Im w; inputs u, dy, then those of the convolution. */
const modeGradientOperator: Operator<None> = defineOperator<None>({
  name: 'diagonalConvGradient',
  infer(inputs) {
    checkModes(inputs, 2);
    return inputs.slice(2, 6).map(({ shape }: { shape: Shape }) => ({ dtype: 'float32', shape }));
  },
  evaluate: evaluateModeGradients,
  expand: expandModeGradients,
});

/**
 * y[h, r, t] = Σ_{s ≤ t} K[h, s] u[h, r, t - s] with K[h, s] = Σ_n Re(w[h, n] exp(a[h, n] s)).
 *
 * Chunked state passing: within chunks a Toeplitz product, between them the states.
 * @param u (H, rows, L): all rows of an h share its kernel
 * @param a (H, N), Re a ≤ 0; @param w (H, N). For conjugate pairs of states give one of each and twice its weight.
 * @param options.ahead y[t] = Σ_s K[s] u[t + s] instead
 */
export function diagonalConv(
  u: Tensor,
  a: Exponents,
  w: Complex,
  { ahead = false }: { readonly ahead?: boolean } = {},
): Tensor {
  return apply1(convolutionOperator, [u, a.re, a.im, w.re, w.im, ...(a.rest ? [a.rest] : [])], { ahead });
}
