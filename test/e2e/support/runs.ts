/** @file Run folders of a workspace, read from disk as an outsider does: what the panels show is compared with this. */
import fs from 'node:fs';
import path from 'node:path';

export interface Row {
  readonly step: number;
  readonly loss?: number;
  readonly event?: string;
  readonly from?: number;
  readonly eval?: { readonly split: string; readonly loss: number; readonly accuracy?: number };
}

/** Run folders under `runs/<stem>`, oldest first. */
export function runFolders(workspace: string): string[] {
  const runs = path.join(workspace, 'runs');
  const list = (folder: string): string[] =>
    fs.existsSync(folder)
      ? fs
          .readdirSync(folder)
          .filter((name) => !name.startsWith('.'))
          .map((name) => path.join(folder, name))
      : [];
  return list(runs)
    .flatMap(list)
    .filter((dir) => fs.existsSync(path.join(dir, 'run.json')))
    .toSorted();
}

export function runInfo(dir: string): { status: string; pid: number; device?: string; error?: string } {
  return JSON.parse(fs.readFileSync(path.join(dir, 'run.json'), 'utf8')) as ReturnType<typeof runInfo>;
}

/** Complete rows of metrics.jsonl in the order they were written. */
export function rows(dir: string): Row[] {
  const text = fs.readFileSync(path.join(dir, 'metrics.jsonl'), 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** Training rows that count: those after a resume's `from` that were written before it are dropped. */
export function trainingRows(dir: string): Row[] {
  let kept: Row[] = [];
  for (const row of rows(dir)) {
    if (row.event === 'resume') kept = kept.filter(({ step }) => step <= (row.from ?? row.step));
    else if (row.loss !== undefined) kept.push(row);
  }
  return kept;
}

/** Ends runs that a failed test left: a run is its own process and would go on. Nothing where no workspace was opened. */
export function endRuns(workspace: string | undefined): void {
  for (const dir of workspace === undefined ? [] : runFolders(workspace)) {
    const { status, pid } = runInfo(dir);
    if (status === 'running') process.kill(pid, 'SIGKILL');
  }
}
