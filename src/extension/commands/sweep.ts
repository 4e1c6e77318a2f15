/** @file Running a sweep: the command line's own `sweep` as a task, where it can be watched and stopped. */
import path from 'node:path';
import * as vscode from 'vscode';
import { cliPath } from '../child';
import { pickConfig, toSource } from '../runs/source';
import type { Studio } from '../studio';
import { ensureTrusted } from '../trust';

const taskType = 'ssm-sweep';

/** Starts every combination of a config's `sweep` that is not finished yet; its runs appear in the Runs view. */
export async function runSweep(studio: Studio, argument?: unknown): Promise<void> {
  if (!(await ensureTrusted('Running a sweep'))) return;
  const uri = await pickConfig(argument);
  if (uri === undefined) return;
  const source = await toSource(uri, studio.context);
  const isSame = ({ task }: vscode.TaskExecution): boolean =>
    task.definition.type === taskType && task.definition.config === source.file;
  const running = vscode.tasks.taskExecutions.find(isSame);
  if (running) {
    terminalOf(running.task.name)?.show(true);
    return;
  }
  // A task's terminal stays when the sweep has ended, with its table of results.
  const task = new vscode.Task(
    { type: taskType, config: source.file },
    vscode.TaskScope.Workspace,
    `Sweep: ${source.stem}`,
    'SSM Studio',
    new vscode.ProcessExecution(process.execPath, [cliPath(studio.context), 'sweep', source.file], {
      cwd: path.dirname(source.file),
      env: { ELECTRON_RUN_AS_NODE: '1' },
    }),
    [],
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    focus: false,
    clear: true,
  };
  await vscode.tasks.executeTask(task);
}

const terminalOf = (name: string): vscode.Terminal | undefined =>
  vscode.window.terminals.find((one) => one.name.includes(name));
