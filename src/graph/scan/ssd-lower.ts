/** @file SSD as linear attention, forward and backward; the decay's gradient needs no state at all. */
import { add, mul, sub } from '../ops/binary';
import { concat } from '../ops/concat';
import { cumsum } from '../ops/cumsum';
import { expand } from '../ops/expand';
import { zeros } from '../ops/leaves';
import { sum } from '../ops/reduce';
import { reshape } from '../ops/reshape';
import { flip, slice } from '../ops/slice';
import { transpose } from '../ops/transpose';
import { exp } from '../ops/unary';
import type { ExpandContext, Expansion, Tensor } from '../types';
import { linearAttention } from './linear-attention';
import type { SsdAttributes, SsdGradientAttributes } from './ssd';

/** (B, L, H, width) → (B, L, H · width). */
const packed = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, 2), -1]);

/** A group's map for each of its heads: (B, L, G, N) → (B, L, H · N). */
function perHead(map: Tensor, H: number): Tensor {
  const [batch, L, G, N] = map.shape as [number, number, number, number];
  return reshape(expand(reshape(map, [batch, L, G, 1, N]), [batch, L, G, H / G, N]), [batch, L, H * N]);
}

/** The adjoint of `perHead`. */
function perGroup(x: Tensor, { shape }: Tensor, H: number): Tensor {
  const [batch, L, G, N] = shape as [number, number, number, number];
  return reshape(sum(reshape(x, [batch, L, G, H / G, N]), [3]), shape);
}

/** (B, H, P, N) ↔ (B, H, N, P) */
const turned = (state: Tensor): Tensor => transpose(state, [0, 1, 3, 2]);

export function expandSsd(inputs: readonly Tensor[], { hasInitial }: SsdAttributes): Expansion {
  const [X, A, B, C] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const H = X.shape[2]!;
  const initial = hasInitial ? turned(inputs[4]!) : undefined;
  const { y, state } = linearAttention([perHead(C, H), perHead(B, H), packed(X), A], H, initial);
  return { outputs: [reshape(y, X.shape), turned(state)] };
}

/** Inputs: Y, the final state, SSD's inputs, the cotangents. */
export function expandSsdGradient(
  [Y, finalState, ...rest]: readonly Tensor[],
  attributes: SsdGradientAttributes,
  _context: ExpandContext,
): Expansion {
  const { hasInitial, hasY, hasFinal } = attributes;
  const count = 4 + Number(hasInitial);
  const [X, A, B, C, initial] = rest.slice(0, count) as [Tensor, Tensor, Tensor, Tensor, Tensor?];
  const dY = hasY ? rest[count]! : zeros(X.shape);
  const dFinal = hasFinal ? rest[count + Number(hasY)]! : undefined;
  const [batch, L, H] = A.shape as [number, number, number];
  const [q, k, v, dy] = [perHead(C, H), perHead(B, H), packed(X), packed(dY)];

  const dC = linearAttention([dy, v, k, A], H, initial).y;
  // Backwards in time the decay between two steps is that of the later one.
  const later = slice(A, 1, 1, L);
  const decay = flip(L > 1 ? concat([later, zeros([batch, 1, H])], 1) : zeros(A.shape), 1);
  const [qr, kr, vr, dyr] = [q, k, v, dy].map((x) => flip(x, 1)) as [Tensor, Tensor, Tensor, Tensor];
  const reversed = linearAttention([kr, qr, dyr, decay], H, dFinal && turned(dFinal));
  const dX = reshape(flip(reversed.y, 1), X.shape);
  const dB = linearAttention([vr, dyr, qr, decay], H, dFinal).y;

  // ⟨dS[t], exp(a[t]) S[t-1]⟩ telescopes to sums of inner products from the end.
  const inner = sub(sum(mul(dY, Y!), [3]), sum(mul(dX, X), [3]));
  const fromEnd = cumsum(inner, 1, { reverse: true });
  const end = dFinal && reshape(sum(mul(dFinal, finalState!), [2, 3]), [batch, 1, H]);
  const dInitial = (): Tensor => {
    const first = reshape(exp(slice(A, 1, 0, 1)), [batch, H, 1, 1]);
    return mul(turned(reversed.state), first);
  };
  return {
    outputs: [
      dX,
      end ? add(fromEnd, end) : fromEnd,
      flip(perGroup(dB, B, H), 1),
      perGroup(dC, C, H),
      ...(initial ? [dInitial()] : []),
    ],
  };
}
