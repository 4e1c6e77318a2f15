/** @file What the views look at in a time-invariant layer: its kernel, its eigenvalues, what goes in and out. */
import * as g from '../../graph';
import type { Complex, Tensor } from '../../graph';
import type { ForwardContext, ProbeSpec } from '../define';
import { probe } from '../parts/probe';
import { writtenKernel, type DiscreteModes } from './diagonal-ssm';
import { batchMajor } from './s4-block';

/** Kernels and eigenvalues belong to a channel, or to a head of several. */
type Unit = 'channel' | 'head';

export const kernelProbe = (unit: Unit = 'channel'): ProbeSpec =>
  probe('Convolution kernel K; kernels that look ahead come last and begin at distance 1.', [
    'kernel',
    unit,
    'lag',
  ]);

export const signalProbes = {
  x: probe('Input of the convolution.', ['batch', 'time', 'channel']),
  y: probe('Output of the convolution with the skip D·x, before the activation.', [
    'batch',
    'time',
    'channel',
  ]),
  D: probe('Skip weight D from input to output.', ['kernel', 'channel']),
};

export const modeProbes = (unit: Unit = 'channel') => {
  const modal = [unit, 'state', 'complex'];
  return {
    delta: probe('Step size Δ.', [unit], 'positive'),
    A: probe('Eigenvalues of the continuous state matrix, real and imaginary parts.', modal),
    A_bar: probe('Discrete eigenvalues, real and imaginary parts.', modal),
    B_bar: probe('What a token writes into each state, real and imaginary parts.', modal),
    C: probe('What is read from each state, real and imaginary parts.', ['kernel', ...modal]),
  };
};

/** Of the layers that are a diagonal model in the block of S4. */
export const diagonalProbes = {
  kernel: kernelProbe(),
  ...modeProbes(),
  ...signalProbes,
  state_norm: probe('Euclidean norm of the state of a channel.', ['batch', 'time', 'channel'], 'positive'),
};

/** @param seen x (batch, time, H) and the same channel-major, u; y (channels · H, batch, time); D (channels, H) */
export function probeDiagonal(
  ctx: ForwardContext,
  m: DiscreteModes,
  { x, u, y, D }: { readonly x: Tensor; readonly u: Tensor; readonly y: Tensor; readonly D: Tensor },
): void {
  ctx.probe('kernel', writtenKernel(m, x.shape[1]!));
  probeModes(ctx, m);
  probeSignals(ctx, x, y, D);
  ctx.probe('state_norm', stateNorm(u, m.a, m.dB));
}

/** @param y (channels · H, batch, time) */
export function probeSignals(ctx: ForwardContext, x: Tensor, y: Tensor, D: Tensor): void {
  ctx.probe('x', x);
  ctx.probe('y', batchMajor(y));
  ctx.probe('D', D);
}

export function probeModes(ctx: ForwardContext, { delta, lambda, a, dB, C }: DiscreteModes): void {
  ctx.probe('delta', g.reshape(delta, [delta.shape[0]!]));
  ctx.probe('A', g.complex.toPairs(lambda));
  ctx.probe('A_bar', g.complex.toPairs(g.complex.cexp(a)));
  ctx.probe('B_bar', g.complex.toPairs(dB));
  ctx.probe('C', g.complex.toPairs(C));
}

/** Norms of the states after each token, (batch, time, H). @param u (H, batch, time) */
export function stateNorm(u: Tensor, a: Complex, dB: Complex): Tensor {
  const [H, M] = a.re.shape as [number, number];
  const [, batch, length] = u.shape as [number, number, number];
  const written = g.complex.cmul(
    { re: g.reshape(u, [H, batch, length, 1]), im: g.zeros([H, batch, length, 1]) },
    g.complex.creshape(dB, [H, 1, 1, M]),
  );
  const states = g.diagonalStates(written, a);
  return batchMajor(g.sqrt(g.sum(g.complex.squaredModulus(states), [3])));
}
