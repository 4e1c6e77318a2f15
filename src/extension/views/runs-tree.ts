/**
 * @file The Runs view: config → its runs, newest first. The tree itself holds nothing; it shows the run store,
 * which it asks for when it is first seen.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { count, duration, percent, quantity } from '../format';
import type { RunEntry, RunStatus, RunStore } from '../services';
import { CheckpointDrop } from './checkpoint-drop';
import type { Studio } from '../studio';

export interface ConfigNode {
  readonly kind: 'config';
  readonly key: string;
  readonly label: string;
  /** Absolute path, when the runs know it. */
  readonly config?: string;
}
export interface RunNode {
  readonly kind: 'run';
  readonly dir: string;
}
export type RunsNode = ConfigNode | RunNode;

const icons: Record<RunStatus, [string, string?]> = {
  running: ['sync~spin', 'charts.blue'],
  finished: ['pass', 'charts.green'],
  stopped: ['debug-pause', 'charts.yellow'],
  failed: ['error', 'errorForeground'],
  interrupted: ['warning', 'list.warningForeground'],
};

/** Runs of one config lie in one folder, `runs/<config stem>`: the key of the config. */
export const configKey = (run: RunEntry): string => path.dirname(run.dir);

export class RunsTree implements vscode.TreeDataProvider<RunsNode> {
  readonly #changed = new vscode.EventEmitter<RunsNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #store: RunStore | undefined;
  #nodes = new Map<string, RunsNode>();

  constructor(private readonly studio: Studio) {}

  register(): vscode.Disposable {
    const view = vscode.window.createTreeView('ssm.runs', {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
      dragAndDropController: new CheckpointDrop(),
    });
    return vscode.Disposable.from(view, this.#changed);
  }

  /** Shows this store and follows it. */
  show(store: RunStore): vscode.Disposable {
    this.#store = store;
    this.#changed.fire(undefined);
    return store.onDidChange((dirs) => {
      if (dirs.length === 0) this.#changed.fire(undefined);
      else for (const dir of dirs) this.#refresh(dir);
    });
  }

  /** A run and the counts of its config; the whole tree when the run is not in it yet. */
  #refresh(dir: string): void {
    const node = this.#nodes.get(dir);
    this.#changed.fire(node);
    if (node !== undefined) this.#changed.fire(this.getParent(node));
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    const store = this.#store ?? (await this.studio.runs()).store;
    if (node === undefined) {
      const configs = new Map<string, ConfigNode>();
      for (const run of store.runs) {
        const key = configKey(run);
        if (configs.has(key)) continue;
        const label = run.config === undefined ? path.basename(key) : path.basename(run.config);
        configs.set(
          key,
          this.#keep(key, {
            kind: 'config',
            key,
            label,
            ...(run.config === undefined ? {} : { config: run.config }),
          }),
        );
      }
      return [...configs.values()];
    }
    if (node.kind === 'run') return [];
    return store.runs
      .filter((run) => configKey(run) === node.key)
      .toSorted((a, b) => Number(b.notes.pinned) - Number(a.notes.pinned))
      .map((run) => this.#keep(run.dir, { kind: 'run', dir: run.dir }));
  }

  getParent(node: RunsNode): RunsNode | undefined {
    if (node.kind === 'config') return undefined;
    const run = this.#store?.get(node.dir);
    return run === undefined ? undefined : this.#nodes.get(configKey(run));
  }

  /** Nodes are the same objects as long as they mean the same thing, so that selection and expansion stay. */
  #keep<T extends RunsNode>(key: string, node: T): T {
    const old = this.#nodes.get(key);
    if (old !== undefined && old.kind === node.kind) return old as T;
    this.#nodes.set(key, node);
    return node;
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return node.kind === 'config' ? this.#configItem(node) : this.#runItem(node);
  }

  #configItem(node: ConfigNode): vscode.TreeItem {
    const runs = this.#store?.runs.filter((run) => configKey(run) === node.key) ?? [];
    const live = runs.filter(({ status }) => status === 'running').length;
    const item = new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = node.key;
    item.description = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}${live > 0 ? `, ${live} live` : ''}`;
    item.contextValue = node.config === undefined ? 'configGone' : 'config';
    item.iconPath = {
      light: vscode.Uri.joinPath(this.studio.context.extensionUri, 'media', 'icons', 'config-light.svg'),
      dark: vscode.Uri.joinPath(this.studio.context.extensionUri, 'media', 'icons', 'config-dark.svg'),
    };
    if (node.config !== undefined) {
      item.tooltip = node.config;
    }
    return item;
  }

  #runItem(node: RunNode): vscode.TreeItem {
    const run = this.#store?.get(node.dir);
    const item = new vscode.TreeItem(
      run?.notes.name ?? runLabel(node.dir),
      vscode.TreeItemCollapsibleState.None,
    );
    item.id = node.dir;
    if (run === undefined) return item;
    const [icon, colour] = icons[run.status];
    item.iconPath = new vscode.ThemeIcon(
      icon,
      colour === undefined ? undefined : new vscode.ThemeColor(colour),
    );
    item.description = [
      run.notes.pinned ? 'pinned' : '',
      describe(run),
      ...run.notes.tags.map((tag) => `#${tag}`),
    ]
      .filter((part) => part !== '')
      .join(' · ');
    item.tooltip = tooltip(run);
    item.contextValue = contextValue(run);
    item.accessibilityInformation = {
      label: `${item.label as string}, ${run.status}, ${describe(run)}`,
    };
    item.command = { command: 'ssm.openCurves', title: 'Open Curves', arguments: [node] };
    return item;
  }
}

/** Whether a run's model continues texts, as far as is known. */
export const isLanguageModel = ({ info }: RunEntry): boolean =>
  info.task === undefined || info.task === 'language-model';

/** `run.finished`, `run.resumable.textless.pinned`: what the menus ask for. */
const contextValue = (run: RunEntry): string => {
  const more = `${isLanguageModel(run) ? '' : '.textless'}${run.notes.pinned ? '.pinned' : ''}`;
  if (run.status === 'running') return `run.running${more}`;
  return `run.${run.status === 'finished' ? 'finished' : 'resumable'}${more}`;
};

/** `10:32:07` of today's `20260722-103207-a1b2`, with the date before it on other days. */
export function runLabel(dir: string, now = new Date()): string {
  const name = path.basename(dir);
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([0-9a-f]{4})$/.exec(name);
  if (match === null) return name;
  const [, year, month, day, hour, minute, second] = match;
  const today =
    Number(year) === now.getFullYear() &&
    Number(month) === now.getMonth() + 1 &&
    Number(day) === now.getDate();
  const date = today ? '' : `${year}-${month}-${day} `;
  return `${date}${hour}:${minute}:${second}`;
}

/** What stands behind the label: progress while live, then the last numbers. */
export function describe(run: RunEntry): string {
  const parts: string[] = [];
  if (run.status !== 'finished') {
    parts.push(run.steps === undefined ? count(run.step) : `${count(run.step)} / ${count(run.steps)}`);
  }
  if (run.status !== 'running' && run.status !== 'finished') parts.unshift(run.status);
  if (run.loss !== undefined) parts.push(`loss ${quantity(run.loss)}`);
  if (run.accuracy !== undefined) parts.push(percent(run.accuracy));
  return parts.join(' · ');
}

function tooltip(run: RunEntry): vscode.MarkdownString {
  const { info } = run;
  const text = new vscode.MarkdownString();
  const line = (name: string, value: string | undefined): void => {
    if (value !== undefined) text.appendMarkdown(`${name}: `).appendText(value).appendMarkdown('  \n');
  };
  text.appendMarkdown('**').appendText(run.name).appendMarkdown('**  \n');
  line(
    'Status',
    run.status === 'interrupted' ? 'interrupted (its process is gone; Resume continues it)' : run.status,
  );
  line('Tags', run.notes.tags.length === 0 ? undefined : run.notes.tags.join(', '));
  line('Step', run.steps === undefined ? count(run.step) : `${count(run.step)} of ${count(run.steps)}`);
  line('Training loss', run.loss === undefined ? undefined : `${quantity(run.loss)} nats`);
  line('Validation accuracy', run.accuracy === undefined ? undefined : percent(run.accuracy));
  line('Parameters', info.parameters === undefined ? undefined : count(info.parameters));
  line('Device', info.device === undefined ? undefined : `${info.device}, ${info.threads ?? '?'} threads`);
  const started = Date.parse(info.started ?? '');
  const ended = Date.parse(info.ended ?? '');
  if (Number.isFinite(started)) {
    line('Started', new Date(started).toLocaleString());
    if (Number.isFinite(ended)) line('Took', duration((ended - started) / 1000));
  }
  line('Error', run.error);
  line('Folder', run.dir);
  return text;
}
