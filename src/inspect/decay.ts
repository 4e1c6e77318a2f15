/** @file What the states of a layer lose at every token, whatever kind of scan it is. */
import { rates } from '../analysis/blocks/types';
import type { Decaying } from '../analysis/scan';
import { mixingOf, scanOf } from './mixing';
import { every, rowsAt, tokensOf, type Trace } from './spec';

export interface Decay {
  readonly axis: 'channel' | 'head';
  /** One for each direction in which the layer reads: Δ and A alone, in the order of time. */
  readonly scans: readonly Decaying[];
  /** The same of tokens alone: steps on padding would count in means and sums over time. */
  readonly counted: readonly Decaying[];
}

/** Undefined for layers without step sizes per token. */
export function decayOf(trace: Trace): Decay | undefined {
  const found = scansOf(trace);
  if (!found) return undefined;
  const tokens = tokensOf(trace);
  const counted = found.scans.map((scan) => ({
    ...scan,
    length: tokens.length,
    delta: rowsAt(scan.delta, scan.length, tokens),
  }));
  return { ...found, counted };
}

function scansOf(trace: Trace): Omit<Decay, 'counted'> | undefined {
  const { seen, own, length, mixer, probes } = trace;
  const scan = scanOf(trace);
  if (scan) return { axis: mixingOf(trace)!.axis, scans: [scan] };
  if (mixer === 'hydra' && probes['delta_forward']) {
    const A = rates(own['A_log']!);
    const scans = ['delta_forward', 'delta_backward'].map((name) => ({
      length,
      channels: A.length,
      states: 1,
      delta: seen[name]!,
      A,
    }));
    return { axis: 'head', scans };
  }
  const { delta, A, lambda } = seen;
  if (!delta || !A || !lambda || A.length !== delta.length) return undefined;
  // The rate of Mamba-3 depends on the token: Δ |A| steps of rate one are the same.
  const heads = delta.length / length;
  const steps = Float64Array.from(delta, (value, i) => -value * A[i]!);
  const ones = Float64Array.from(every(heads), () => -1);
  return { axis: 'head', scans: [{ length, channels: heads, states: 1, delta: steps, A: ones }] };
}

/** Values (channel) of each direction as (channel, direction). */
export const sideBySide = (each: readonly Float64Array[]): Float64Array =>
  Float64Array.from(
    { length: each.length * each[0]!.length },
    (_, i) => each[i % each.length]![Math.floor(i / each.length)]!,
  );
