/** @file The one status-bar item, there only while something trains. */
import * as vscode from 'vscode';
import { count } from '../format';
import type { RunEntry, RunStore } from '../services';

export class TrainingStatus implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #listener: vscode.Disposable;

  constructor(private readonly store: RunStore) {
    this.#item = vscode.window.createStatusBarItem('ssm.training', vscode.StatusBarAlignment.Left, 10);
    this.#item.name = 'SSM Studio training';
    this.#item.command = 'ssm.runMenu';
    this.#listener = store.onDidChange(() => this.#refresh());
    this.#refresh();
  }

  #refresh(): void {
    const live = this.store.runs.filter(({ status }) => status === 'running');
    if (live.length === 0) {
      this.#item.hide();
      return;
    }
    const text = statusText(live);
    this.#item.text = `$(sync~spin) ${text}`;
    this.#item.tooltip = `${live.map(({ name }) => name).join('\n')}\nClick for actions`;
    this.#item.accessibilityInformation = { label: `SSM Studio: ${text}` };
    this.#item.show();
  }

  dispose(): void {
    this.#listener.dispose();
    this.#item.dispose();
  }
}

/** `Training 1,120 / 1,500`; with several, the furthest one's steps and how many there are. */
export function statusText(live: readonly Pick<RunEntry, 'step' | 'steps'>[]): string {
  const first = live.reduce((a, b) => (b.step > a.step ? b : a));
  const progress =
    first.steps === undefined ? count(first.step) : `${count(first.step)} / ${count(first.steps)}`;
  return live.length === 1 ? `Training ${progress}` : `Training ${live.length} runs · ${progress}`;
}
