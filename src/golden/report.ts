/** @file What a golden run found, as text and as JSON, and its exit code. */
import type { Comparison } from './compare';

export type CaseStatus = 'agrees' | 'disagrees' | 'not-supported' | 'malformed' | 'device-absent';

export interface CaseReport {
  /** Folder of the case. */
  readonly path: string;
  readonly target?: string;
  readonly status: CaseStatus;
  readonly comparisons: readonly Comparison[];
  /** Tensors of the file that were neither used nor compared. */
  readonly uncompared: readonly string[];
  /** Nodes that ran on the CPU although another device was asked for. */
  readonly fallbacks: readonly string[];
  readonly message?: string;
  readonly seconds: number;
}

export interface GoldenReport {
  readonly device: string;
  /** 0 all agree, 1 a disagreement, 2 a target not supported, 3 device absent, 64 usage. */
  readonly exitCode: number;
  readonly cases: readonly CaseReport[];
  /** Why nothing ran, when nothing ran. */
  readonly message?: string;
}

/** The first of these that occurs decides the exit code. */
const PRIORITY: readonly (readonly [CaseStatus, number])[] = [
  ['device-absent', 3],
  ['malformed', 64],
  ['disagrees', 1],
  ['not-supported', 2],
];

export function exitCodeOf(cases: readonly CaseReport[]): number {
  if (cases.length === 0) return 64;
  return PRIORITY.find(([status]) => cases.some((one) => one.status === status))?.[1] ?? 0;
}

const number = (value: number): string => (Number.isFinite(value) ? value.toExponential(1) : String(value));

/** Lines for a terminal; `json` gives the whole report instead, with non-finite numbers as words. */
export function formatGoldenReport(report: GoldenReport, format: 'text' | 'json' = 'text'): string {
  if (format === 'json') {
    const words = (_key: string, value: unknown): unknown =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
    return JSON.stringify(report, words, 2);
  }
  const lines = [`device: ${report.device}`];
  if (report.message) lines.push(report.message);
  for (const one of report.cases) {
    const head = `${one.status.padEnd(13)} ${one.target ?? ''} ${one.path} (${one.seconds.toFixed(2)} s)`;
    lines.push('', head);
    if (one.message) lines.push(`  ${one.message}`);
    for (const { name, agrees, maxError, maxValue, outside, entries, rule, problem } of one.comparisons) {
      const measures = `max error ${number(maxError)} of ${number(maxValue)}, ${outside}/${entries} outside`;
      lines.push(
        `  ${agrees ? 'ok  ' : 'FAIL'} ${name}: ${measures} (${rule})${problem ? `: ${problem}` : ''}`,
      );
    }
    for (const name of one.uncompared) lines.push(`  FAIL ${name}: not compared`);
    if (one.fallbacks.length > 0) lines.push(`  on the CPU: ${one.fallbacks.join(', ')}`);
  }
  const total = (status: CaseStatus): number => report.cases.filter((one) => one.status === status).length;
  const counts = (['agrees', 'disagrees', 'not-supported', 'malformed', 'device-absent'] as const)
    .filter((status) => total(status) > 0)
    .map((status) => `${total(status)} ${status}`);
  if (counts.length > 0) lines.push('', counts.join(', '));
  return lines.join('\n');
}
