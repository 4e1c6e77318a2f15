/** @file Convolution with a kernel given tap by tap, up to as long as the input. */
import { check } from '../errors';
import { apply1 } from '../node';
import { defineOperator } from '../registry';
import { slice } from '../ops/shape/slice';
import type { Operator, Tensor, Value } from '../types';
import { expandLong, expandTapGradient } from './long-lower';

export interface LongAttributes {
  /** Looks ahead: the adjoint, y[t] = Σ k[s] u[t + s]. */
  readonly ahead: boolean;
}

export interface TapAttributes {
  readonly taps: number;
}

const shapes = (u: Value | Tensor, k: Value | Tensor): [H: number, rows: number, L: number, taps: number] => {
  const [H, rows, L] = u.shape as [number, number, number];
  return [H, rows, L, k.shape[1]!];
};

/** Calls `f` with the indices of every product k[s] u[early] that goes into y[late]. */
function everyProduct(
  [H, rows, L, taps]: readonly [number, number, number, number],
  f: (tap: number, early: number, late: number) => void,
): void {
  for (let h = 0; h < H; h++) {
    for (let r = 0; r < rows; r++) {
      const row = (h * rows + r) * L;
      for (let s = 0; s < taps; s++) for (let t = s; t < L; t++) f(h * taps + s, row + t - s, row + t);
    }
  }
}

const longOperator: Operator<LongAttributes> = defineOperator<LongAttributes>({
  name: 'longConv',
  infer(inputs) {
    const [u, k] = inputs as [Tensor, Tensor];
    const fits = u.shape.length === 3 && k.shape.length === 2 && u.shape[0] === k.shape[0];
    check(fits, 'longConv', 'needs u (H, rows, L) and k (H, taps)', inputs);
    const taps = k.shape[1]!;
    check(taps > 0 && taps <= u.shape[2]!, 'longConv', 'needs 1 … L taps', inputs);
    return [{ dtype: 'float32', shape: u.shape }];
  },
  evaluate([u, k], { ahead }) {
    const data = new Float64Array(u!.data.length);
    everyProduct(shapes(u!, k!), (tap, early, late) => {
      const [from, to] = ahead ? [late, early] : [early, late];
      data[to]! += k!.data[tap]! * u!.data[from]!;
    });
    return [{ shape: u!.shape, data }];
  },
  gradient({ inputs, attributes: { ahead } }, [dy], wanted) {
    if (!dy) return [];
    const [u, k] = inputs as [Tensor, Tensor];
    const [early, late] = ahead ? [dy, u] : [u, dy];
    return [
      wanted[0] ? apply1(longOperator, [dy, k], { ahead: !ahead }) : undefined,
      wanted[1] ? apply1(tapOperator, [early, late], { taps: k.shape[1]! }) : undefined,
    ];
  },
  expand: expandLong,
});

/** dk[h, s] = Σ_r Σ_t late[t] early[t - s]. */
const tapOperator: Operator<TapAttributes> = defineOperator<TapAttributes>({
  name: 'longConvGradient',
  infer: ([early], { taps }) => [{ dtype: 'float32', shape: [early!.shape[0]!, taps] }],
  evaluate([early, late], { taps }) {
    const [H, rows, L] = early!.shape as [number, number, number];
    const data = new Float64Array(H * taps);
    everyProduct([H, rows, L, taps], (tap, from, to) => {
      data[tap]! += early!.data[from]! * late!.data[to]!;
    });
    return [{ shape: [H, taps], data }];
  },
  expand: expandTapGradient,
});

/**
 * y[h, r, t] = Σ_s k[h, s] u[h, r, t - s], zeros before the start.
 * @param u (H, rows, L): all rows of an h share its kernel
 * @param k (H, taps); taps beyond L show nowhere
 * @param options.ahead y[t] = Σ_s k[s] u[t + s] instead
 */
export function longConv(u: Tensor, k: Tensor, { ahead = false }: { readonly ahead?: boolean } = {}): Tensor {
  return apply1(longOperator, [u, slice(k, 1, 0, u.shape[2]!)], { ahead });
}
