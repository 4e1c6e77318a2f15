/** @file The lowering of a turning SSD: the chunked form on turned maps, and the gradient of the turns by chunks. */
import { add, mul, sub } from '../ops/elementwise/binary';
import { cos, sin } from '../ops/elementwise/trigonometry';
import { neg } from '../ops/elementwise/unary';
import { zeros } from '../ops/leaves';
import { product } from '../ops/matrix/matmul';
import { sum } from '../ops/reduce/reduce';
import { reshape, unsqueeze } from '../ops/shape/reshape';
import { pad, slice } from '../ops/shape/slice';
import type { ExpandContext, Expansion, Tensor } from '../types';
import { accumulated, wrapped } from './angles';
import { paired, rotate, turn, type Angles, type Paired, type Pairs } from './rotate';
import { chunked, inChunks, inTime, matrix } from './ssd-chunks';
import { chunkedForward, chunkedGradients } from './ssd-chunked';
import { chunkOf } from './ssd-lower';
import type { TurningSsdAttributes, TurningSsdGradientAttributes } from './turning-ssd';

/** Rows by token: (B, L, H, n) ↔ (B, T, L/T, H, n). */
const byToken = (x: Tensor, T: number): Tensor =>
  reshape(x, [x.shape[0]!, T, x.shape[1]! / T, ...x.shape.slice(2)]);
const byRow = (x: Tensor): Tensor =>
  reshape(x, [x.shape[0]!, x.shape[1]! * x.shape[2]!, ...x.shape.slice(3)]);

function anglesOf(turns: Tensor): Angles {
  const angle = unsqueeze(wrapped(accumulated(turns)), 2);
  return { cos: cos(angle), sin: sin(angle) };
}

const turnedRows = (x: Tensor, angles: Angles, pairs: Pairs): Tensor =>
  byRow(rotate(byToken(x, angles.cos.shape[1]!), angles, pairs, x.shape[3]!));

/** SSD's own inputs, with maps that have turned. */
function turnedInputs([X, A, B, C, , ...initial]: readonly Tensor[], angles: Angles, pairs: Pairs): Tensor[] {
  return [X!, A!, turnedRows(B!, angles, pairs), turnedRows(C!, angles, pairs), ...initial];
}

export function expandTurningSsd(
  inputs: readonly Tensor[],
  attributes: TurningSsdAttributes,
  { target }: ExpandContext,
): Expansion {
  const turned = turnedInputs(inputs, anglesOf(inputs[4]!), attributes.pairs);
  const { outputs, entering } = chunkedForward(turned, chunkOf(inputs, attributes), target);
  return { outputs, saved: { entering } };
}

/** What a quarter turn of x changes, pair by pair, where `to` are the cotangents. */
const quarter = (
  [first, second]: readonly [Tensor, Tensor],
  x: { readonly first: Tensor; readonly second: Tensor },
): Tensor => sub(mul(second, x.first), mul(first, x.second));

/** Cotangent of a map from that of the turned map, (B, L, H, N), and what the turn feels of it, (B, T, L/T, H, K). */
function turnedBack(
  dTurned: Tensor,
  map: Tensor,
  { cos, sin }: Angles,
  pairs: Pairs,
): { cotangent: Tensor; felt: Tensor } {
  const [, T, , , K] = cos.shape as [number, number, number, number, number];
  const N = map.shape[3]!;
  const found = paired(byToken(dTurned, T), K, pairs, N);
  const back = turn(found, { cos, sin: neg(sin) });
  return {
    cotangent: byRow(found.join(...back)),
    felt: quarter(back, paired(byToken(map, T), K, pairs, N)),
  };
}

interface Passing {
  /** What the angle of a row feels, (B, L, H, K). */
  readonly own: Tensor;
  /** States that enter the chunks, and the cotangents of those that leave them: (B · chunks, H, N, P). */
  readonly entering: Tensor;
  readonly after: Tensor;
  /** Final state and its cotangent, (B, H, P, N). */
  readonly final?: readonly [cotangent: Tensor, state: Tensor];
}

/**
 * The gradient of a turn: what all that passes it, from before to behind, feels of it. For a chunk's end that is a
 * product of the state there and its cotangent; within the chunk the tokens up to the end come on top.
 * @returns (B, L, H, K), the turn of a row
 */
function turnGradient(
  inputs: readonly Tensor[],
  { own, entering, after, final }: Passing,
  { pairs, chunkSize }: TurningSsdAttributes,
): Tensor {
  const c = chunked(inputs, chunkOf(inputs, { chunkSize }));
  const { batch, chunks, Q, H, N, P } = c;
  const K = own.shape[3]!;
  const near = product(
    matrix(Q, (t, from) => from >= t),
    reshape(inChunks(own, c), [batch * chunks, Q, H * K]),
    false,
    false,
  );
  if (chunks === 1) return inTime(reshape(near, [batch, Q, H, K]), c);
  const states = (x: Tensor, from: number): Paired =>
    paired(slice(reshape(x, [batch, chunks, H, N, P]), 1, from, from + chunks - 1), K, pairs, N, 3);
  const there = states(after, 0);
  const ends = neg(sum(quarter([there.first, there.second], states(entering, 1)), [4]));
  const behind = pad(final ? add(ends, whole(final, K, pairs)) : ends, 1, 0, 1);
  const total = add(near, reshape(behind, [batch * chunks, 1, H * K]));
  return inTime(reshape(total, [batch * chunks, Q, H, K]), c);
}

/** What the final state feels of a turn of everything: (B, 1, H, K). */
function whole([cotangent, state]: readonly [Tensor, Tensor], K: number, pairs: Pairs): Tensor {
  const N = state.shape[3]!;
  const { first, second } = paired(cotangent, K, pairs, N);
  return unsqueeze(sum(quarter([first, second], paired(state, K, pairs, N)), [2]), 1);
}

/** Inputs: Y, the final state, the operands, the cotangents. */
export function expandTurningSsdGradient(
  [, finalState, ...rest]: readonly Tensor[],
  attributes: TurningSsdGradientAttributes,
  { saved, target }: ExpandContext,
): Expansion {
  const { hasInitial, hasY, hasFinal, pairs } = attributes;
  const count = 5 + Number(hasInitial);
  const inputs = rest.slice(0, count);
  const T = inputs[4]!.shape[1]!;
  const dY = hasY ? rest[count]! : zeros(inputs[0]!.shape);
  const dFinal = hasFinal ? rest[count + Number(hasY)]! : undefined;
  const entering = saved(0)['entering']!;
  const angles = anglesOf(inputs[4]!);
  const turned = turnedInputs(inputs, angles, pairs);
  const found = chunkedGradients(turned, dY, dFinal, entering, chunkOf(inputs, attributes), target);
  const B = turnedBack(found.dB, inputs[2]!, angles, pairs);
  const C = turnedBack(found.dC, inputs[3]!, angles, pairs);
  const passing = {
    own: byRow(add(B.felt, C.felt)),
    entering,
    after: found.after,
    ...(dFinal && { final: [dFinal, finalState!] as const }),
  };
  // A token turns before its first row.
  const rows = byToken(turnGradient(inputs, passing, attributes), T);
  const dTurn = byRow(slice(rows, 2, 0, 1));
  return {
    outputs: [found.dX, found.dA, B.cotangent, C.cotangent, dTurn, ...(hasInitial ? [found.dInitial] : [])],
  };
}
