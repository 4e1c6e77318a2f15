/** @file Code lenses above the config: what can be done with it, and what its runs came to. */
import type { CodeLens, Command } from 'vscode-languageserver';
import type { RunSummary } from '../runs';
import type { State } from '../documents';

const resumable = new Set(['stopped', 'interrupted', 'failed']);

/** @param runs of this config, newest first */
export function codeLenses({ document, parsed }: State, runs: readonly RunSummary[]): CodeLens[] {
  const start = { line: 0, character: 0 };
  const { uri } = document;
  // What has a sweep is not one model: `train` refuses it.
  const isSweep = parsed.root?.kind === 'map' && parsed.root.entries.has('sweep');
  const commands: Command[] = isSweep
    ? [{ title: '▷ Run sweep', command: 'ssm.runSweep', arguments: [uri] }]
    : [{ title: '▷ Train', command: 'ssm.train', arguments: [uri] }];
  const [newest] = runs;
  if (newest && resumable.has(newest.status))
    commands.push({ title: 'Resume', command: 'ssm.resume', arguments: [{ dir: newest.dir }] });
  commands.push({ title: 'Inspect scan', command: 'ssm.inspectScan', arguments: [uri] });
  if (runs.length > 1)
    commands.push({ title: 'Compare', command: 'ssm.compareRuns', arguments: [{ dir: newest?.dir }] });
  if (runs.length > 0) commands.push({ title: runsTitle(runs), command: 'ssm.openCurves', arguments: [uri] });
  return commands.map((command) => ({ range: { start, end: start }, command }));
}

/** `3 runs, best val 1.234` */
function runsTitle(runs: readonly RunSummary[]): string {
  const best = runs.reduce((least, run) => Math.min(least, run.best ?? Infinity), Infinity);
  const count = `${runs.length} run${runs.length === 1 ? '' : 's'}`;
  return best < Infinity ? `${count}, best val ${Number(best.toPrecision(4))}` : count;
}
