/** @file How far back a layer sees: exactly for layers without decay, by the initial decays otherwise. */
import type { LayerFacts, WrittenLayer } from './layers';

/** Tokens after which a state has fallen to 1/e, at the initial step sizes. */
export interface Reach {
  /** The fastest state. */
  readonly shortest: number;
  /** The slowest state. */
  readonly longest: number;
}

const numbers = (value: unknown): readonly number[] =>
  Array.isArray(value) ? value.filter((one): one is number => typeof one === 'number') : [];

/**
 * exp(−Δ·a)ᵗ = 1/e at t = 1/(Δ·a), with Δ from dt_min to dt_max and a from 1 to d_state (Mamba) or within
 * A_init_range (Mamba-2); decays per head start at 1 elsewhere (Hydra, Mamba-3).
 * @returns undefined for layers without step sizes
 */
export function reachOf(facts: LayerFacts): Reach | undefined {
  const resolved = (facts.resolved ?? {}) as Readonly<Record<string, unknown>>;
  const { dt_min, dt_max, A_init_range, d_state, nheads } = resolved;
  // Of the matrix mixers only the quasiseparable one steps.
  if ((resolved['matrix_mixer_type'] ?? 'quasiseparable') !== 'quasiseparable') return undefined;
  if (typeof dt_min !== 'number' || typeof dt_max !== 'number' || dt_min <= 0 || dt_max <= 0)
    return undefined;
  const [low = 1, high = typeof d_state === 'number' && nheads === undefined ? d_state : 1] =
    numbers(A_init_range);
  return { shortest: 1 / (dt_max * high), longest: 1 / (dt_min * low) };
}

const tokens = (value: number): string => {
  const rounded = value < 1 ? value.toPrecision(1) : Math.round(value).toLocaleString('en-GB');
  return `${rounded} token${rounded === '1' ? '' : 's'}`;
};

/** One line for hovers. */
export function reachLine({ definition }: WrittenLayer, facts: LayerFacts, length?: number): string {
  const reach = reachOf(facts);
  if (reach) return `initial memory of ${tokens(reach.shortest)} to ${tokens(reach.longest)} (1/(Δ·|A|))`;
  if (isPointwise(facts)) return 'sees its own token only';
  if (!facts.causal) return 'sees the whole sequence';
  return definition.state && length !== undefined
    ? `sees all ${tokens(length)} so far`
    : 'sees all tokens so far';
}

/** Layers that keep nothing between tokens mix no positions. */
export const isPointwise = (facts: LayerFacts): boolean => facts.causal && facts.state === 0;
