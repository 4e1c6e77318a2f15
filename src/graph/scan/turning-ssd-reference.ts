/** @file A turning SSD and its gradient in float64: turned maps, and sums over all of time. */
import type { Value } from '../types';
import type { Pairs } from './rotate';
import { evaluateSsd, evaluateSsdGradient } from './ssd-reference';
import type { TurningSsdAttributes, TurningSsdGradientAttributes } from './turning-ssd';

/** Calls `visit` with every pair of every row: places of the angle and of both channels. */
function eachPair(
  map: Value,
  turn: Value,
  pairs: Pairs,
  visit: (angle: number, first: number, second: number) => void,
): void {
  const [batch, L, H, N] = map.shape as [number, number, number, number];
  const [, T, , K] = turn.shape as [number, number, number, number];
  for (let row = 0; row < batch * L * H; row++) {
    const [h, place] = [row % H, Math.floor(row / H)];
    const token = Math.floor(place / L) * T + Math.floor((place % L) / (L / T));
    for (let k = 0; k < K; k++) {
      const [one, two] = pairs === 'halves' ? [k, k + N / 2] : [2 * k, 2 * k + 1];
      visit((token * H + h) * K + k, row * N + one, row * N + two);
    }
  }
}

function angles({ shape, data }: Value): Float64Array {
  const [, T, H, K] = shape as [number, number, number, number];
  const sums = data.slice();
  for (let i = 0; i < sums.length; i++) if (Math.floor(i / (H * K)) % T > 0) sums[i]! += sums[i - H * K]!;
  return sums;
}

function turned(map: Value, turn: Value, pairs: Pairs, sign: 1 | -1 = 1): Value {
  const data = map.data.slice();
  const sums = angles(turn);
  eachPair(map, turn, pairs, (angle, first, second) => {
    const [c, s] = [Math.cos(sums[angle]!), sign * Math.sin(sums[angle]!)];
    data[first] = c * map.data[first]! - s * map.data[second]!;
    data[second] = s * map.data[first]! + c * map.data[second]!;
  });
  return { shape: map.shape, data };
}

const turnedInputs = ([X, A, B, C, turn, ...initial]: readonly Value[], pairs: Pairs): Value[] => [
  X!,
  A!,
  turned(B!, turn!, pairs),
  turned(C!, turn!, pairs),
  ...initial,
];

export const evaluateTurningSsd = (
  inputs: readonly Value[],
  { pairs, ...attributes }: TurningSsdAttributes,
): Value[] => evaluateSsd(turnedInputs(inputs, pairs), attributes);

export function evaluateTurningSsdGradient(
  [Y, finalState, ...rest]: readonly Value[],
  { pairs, ...attributes }: TurningSsdGradientAttributes,
): Value[] {
  const count = 5 + Number(attributes.hasInitial);
  const inputs = rest.slice(0, count);
  const [, , B, C, turn] = inputs as [Value, Value, Value, Value, Value];
  const operands = [Y!, finalState!, ...turnedInputs(inputs, pairs), ...rest.slice(count)];
  const [dX, dA, ...found] = evaluateSsdGradient(operands, attributes);
  const [dB, dC] = [turned(found[0]!, turn, pairs, -1), turned(found[1]!, turn, pairs, -1)];
  const dTurn = new Float64Array(turn.data.length);
  for (const [d, map] of [
    [dB, B],
    [dC, C],
  ] as const) {
    eachPair(map, turn, pairs, (angle, first, second) => {
      dTurn[angle]! += d.data[second]! * map.data[first]! - d.data[first]! * map.data[second]!;
    });
  }
  // A turn moves its token and all later ones.
  const [, T, H, K] = turn.shape as [number, number, number, number];
  for (let i = dTurn.length - 1; i >= 0; i--) {
    if (Math.floor(i / (H * K)) % T < T - 1) dTurn[i]! += dTurn[i + H * K]!;
  }
  return [dX!, dA!, dB, dC, { shape: turn.shape, data: dTurn }, ...found.slice(2)];
}
