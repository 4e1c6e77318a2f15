/** @file Probabilities and sizes as the panel prints them. */
import { fixed, number3 } from '../../src/figures/core/format';

/** `97.1 %`, `0.032 %` and `3.10e−5 %` of a natural logarithm. */
export function percentOf(logprob: number): string {
  const share = Math.min(1, Math.exp(logprob)) * 100;
  return `${share >= 10 ? fixed(share, 1) : share >= 1 ? fixed(share, 2) : number3(share)}\u00a0%`;
}

/** −log₂ p, bits. */
export const surprise = (logprob: number): number => Math.max(0, -logprob / Math.LN2);

export function bytes(count: number): string {
  if (count < 1000) return `${count}\u00a0B`;
  if (count < 1e6) return `${fixed(count / 1e3, 1)}\u00a0kB`;
  return count < 1e9 ? `${fixed(count / 1e6, 1)}\u00a0MB` : `${fixed(count / 1e9, 2)}\u00a0GB`;
}
