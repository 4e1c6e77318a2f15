/** @file All benchmarks, by name. */
import { blockCase } from './cases/block';
import { inductionStep } from './cases/induction';
import { type BenchCase, type BenchResult, runCase } from './harness';

export const benches: readonly BenchCase[] = [
  blockCase('mamba', { batch: 4, length: 512, d_model: 256 }, 5),
  blockCase('mamba', { batch: 1, length: 1024, d_model: 768 }, 5),
  blockCase('mamba2', { batch: 4, length: 512, d_model: 256 }, 6),
  blockCase('mamba2', { batch: 1, length: 1024, d_model: 768 }, 6),
  inductionStep,
];

/**
 * Runs the named benchmarks (all without names) one after the other.
 * @throws Error naming what there is when a name is unknown
 */
export async function runBenches(
  names: readonly string[],
  report: (result: BenchResult) => void,
): Promise<BenchResult[]> {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `There is no benchmark “${unknown}”. There are: ${benches.map(({ name }) => name).join(', ')}.`,
    );
  }
  const results: BenchResult[] = [];
  for (const bench of benches) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    const result = await runCase(bench);
    report(result);
    results.push(result);
  }
  return results;
}
