/** @file All benchmarks, by name. */
import { blockCase } from './cases/block';
import { inductionStep } from './cases/induction';
import { lspCases } from './cases/lsp';
import { lspColdStart } from './cases/lsp-start';
import { type BenchCase, type BenchResult, runCase } from './harness';

export const benches: readonly BenchCase[] = [
  blockCase('mamba', { batch: 4, length: 512, d_model: 256 }, 5),
  blockCase('mamba', { batch: 1, length: 1024, d_model: 768 }, 5),
  blockCase('mamba2', { batch: 4, length: 512, d_model: 256 }, 6),
  blockCase('mamba2', { batch: 1, length: 1024, d_model: 768 }, 6),
  inductionStep,
  ...lspCases,
  lspColdStart,
];

/** Runs the named benchmarks (all without names) one after the other; unknown names match nothing. */
export async function runBenches(
  names: readonly string[],
  report: (result: BenchResult) => void,
): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const bench of benches) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    const result = await runCase(bench);
    report(result);
    results.push(result);
  }
  return results;
}

/** One line for a terminal. */
export function formatResult({ name, ours, peer, ratio, spread, note }: BenchResult): string {
  const against = peer
    ? `${peer.name} ${peer.median_ms} ms, ratio ${ratio} (${spread!.join(' … ')})`
    : 'without a peer';
  const late = ours.p95_ms === undefined ? '' : ` (95 % below ${ours.p95_ms} ms)`;
  return `${name}: ours ${ours.median_ms} ms${late}, ${against}\n  ${note}`;
}
