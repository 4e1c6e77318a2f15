/** @file All benchmarks, by name. */
import { blockCase } from './cases/block';
import { curvesCases } from './cases/curves';
import { decodeCases } from './cases/decode';
import { inductionCall, inductionStep } from './cases/induction';
import { lmMemory, lmStep } from './cases/lm';
import { lspCases } from './cases/lsp';
import { lspColdStart } from './cases/lsp-start';
import { openingCases } from './cases/opening';
import { operatorCases } from './cases/operators';
import { ltiCases } from './cases/lti';
import { sessionCases } from './cases/session';
import { serve } from './child';
import { type BenchCase, type BenchResult, runCase } from './harness';

export const benches: readonly BenchCase[] = [
  blockCase('mamba', { batch: 4, length: 512, d_model: 256 }, 8),
  blockCase('mamba', { batch: 1, length: 1024, d_model: 768 }, 6.5),
  blockCase('mamba2', { batch: 4, length: 512, d_model: 256 }, 6),
  blockCase('mamba2', { batch: 1, length: 1024, d_model: 768 }, 6),
  ...ltiCases,
  inductionStep,
  inductionCall,
  lmStep,
  lmMemory,
  ...operatorCases,
  ...sessionCases,
  ...decodeCases,
  ...openingCases,
  ...lspCases,
  lspColdStart,
  ...curvesCases,
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

/** Runs our side of one benchmark for a parent process that measures it. */
export async function runChild(name: string): Promise<void> {
  const bench = benches.find((candidate) => candidate.name === name);
  if (!bench) throw new Error(`There is no benchmark “${name}”.`);
  await serve(await bench.ours());
}

/** A few lines for a terminal. */
export function formatResult(result: BenchResult): string {
  const { name, ours, peers = [], ratio, spread, bound, unit = 'ms', note } = result;
  const cpu = (ms: number | undefined): string => (ms === undefined ? '' : ` (processor ${ms})`);
  const late = ours.p95_ms === undefined ? '' : `, 95 % below ${ours.p95_ms}`;
  const head = `${name}: ours ${ours.median_ms} ${unit}${cpu(ours.cpu_ms)}${late}`;
  const counts = ratio === null ? '' : `, ratio ${ratio} (${spread!.join(' … ')})`;
  const each = peers.map(
    (peer) =>
      `\n  ${peer.name}: ${peer.median_ms} ${unit}${cpu(peer.cpu_ms)}, ratio ${peer.ratio}${cpu(peer.cpu_ratio)}`,
  );
  const limit = bound
    ? `\n  ${Math.round(100 * bound.share)} % of the bound of ${bound.ms} ms: ${bound.how}`
    : '';
  return `${head}${counts}${each.join('')}${limit}\n  ${note}`;
}
