/** @file The host's side of a Curves panel: which runs it shows, and what is new in them four times a second. */
import path from 'node:path';
import * as vscode from 'vscode';
import { fromCurvesSchema, type FromCurves, type RunMeta, type ToCurves } from '../../protocol/view-curves';
import type { PanelServices, RunEntry } from '../services';
import { Feed, type FeedSource } from './feed';
import { failed, listen, panelIcon, showPage } from './host';
import { paletteOf } from './palette';
import { runMeta } from './run-meta';

/** Shortest time between two messages, ms: at most four a second. */
const interval = 250;

export class CurvesPanel {
  static readonly open = new Map<string, CurvesPanel>();
  private readonly feed = new Feed();
  private readonly disposables: vscode.Disposable[] = [];
  /** Runs asked for by name, also ones of other folders. */
  private readonly asked = new Set<string>();
  private readonly lastWrite = new Map<string, { rows: number; at: number }>();
  private ready = false;
  private timer: NodeJS.Timeout | undefined;
  private sending = false;
  private again = false;
  private lastSent = 0;
  private sentRuns = '';
  private focus: string | undefined;

  constructor(
    /** Absolute path of a config, or `all`. */
    readonly key: string,
    readonly panel: vscode.WebviewPanel,
    private readonly context: vscode.ExtensionContext,
    private readonly services: PanelServices,
    runs: readonly string[],
    saved?: unknown,
  ) {
    CurvesPanel.open.set(key, this);
    for (const dir of runs) this.asked.add(dir);
    this.focus = runs[0];
    this.disposables.push(
      listen<FromCurves>(panel.webview, fromCurvesSchema, services, (message) => this.receive(message)),
      services.runs.onDidChange(() => this.schedule()),
      // Interruption shows by time passing, not by a change on disk.
      panel.onDidChangeViewState(() => this.schedule()),
    );
    panel.onDidDispose(() => this.dispose());
    panel.title =
      key === 'all' ? 'Curves' : `Curves: ${path.basename(key).replace(/\.ssm\.(ya?ml|json)$/, '')}`;
    panel.iconPath = panelIcon(context, 'curves');
    showPage(context, panel, 'curves', key, saved);
  }

  private dispose(): void {
    this.ready = false;
    CurvesPanel.open.delete(this.key);
    if (this.timer) clearTimeout(this.timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** After a reload: what was focused is the page's to say. */
  restored(): void {
    this.focus = undefined;
  }

  /** Brings the panel to the front with these runs, the first one focused. */
  reveal(runs: readonly string[]): void {
    for (const dir of runs) this.asked.add(dir);
    this.focus = runs[0] ?? this.focus;
    this.sentRuns = '';
    this.panel.reveal(undefined, true);
    this.schedule();
    if (runs[0] && this.ready) void this.post({ type: 'focus', run: runs[0] });
  }

  private entries(): RunEntry[] {
    const { runs } = this.services;
    const found = new Map<string, RunEntry>();
    for (const dir of this.asked) {
      const entry = runs.get(dir);
      if (entry) found.set(dir, entry);
    }
    for (const entry of runs.runs)
      if (this.key === 'all' || entry.config === this.key) found.set(entry.dir, entry);
    return [...found.values()].sort((a, b) => String(a.info.started).localeCompare(String(b.info.started)));
  }

  private schedule(): void {
    if (!this.ready || !this.panel.visible) return;
    if (this.sending) {
      this.again = true;
      return;
    }
    if (this.timer) return;
    const wait = Math.max(0, this.lastSent + interval - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.send().catch((error: unknown) => failed(this.services, error));
    }, wait);
  }

  private async send(): Promise<void> {
    this.sending = true;
    this.again = false;
    try {
      const entries = this.entries();
      const sources = new Map<string, FeedSource>();
      for (const entry of entries) {
        const reader = this.services.runs.reader(entry.dir);
        await reader
          .poll()
          .catch((error: unknown) => this.services.log.debug(`${entry.dir}: ${String(error)}`));
        sources.set(entry.dir, reader);
        this.noteWrite(entry.dir, reader.tables.get('train')?.length ?? 0);
      }
      const metas = await this.metas(entries);
      // The age of a run travels with its rows; it alone is no reason to send the list again.
      const shape = JSON.stringify(metas, (key, value: unknown) => (key === 'lastWrite' ? undefined : value));
      this.lastSent = Date.now();
      if (shape !== this.sentRuns) {
        this.sentRuns = shape;
        const focused = metas.find((run) => run.id === this.focus)?.group;
        this.focus = undefined;
        await this.post({
          type: 'runs',
          runs: metas,
          now: Date.now(),
          ...(focused === undefined ? {} : { focused }),
          ...(this.key === 'all' ? {} : { trainable: path.basename(this.key) }),
        });
      }
      // What is on disk already comes as fast as the page takes it.
      for (let waiting = 1; waiting > 0 && this.ready && this.panel.visible;) {
        const { runs, pending } = this.feed.take(sources);
        if (runs.length > 0 || pending > 0) await this.post({ type: 'rows', runs, now: Date.now(), pending });
        waiting = pending;
      }
    } finally {
      this.sending = false;
      if (this.again) this.schedule();
    }
  }

  private noteWrite(dir: string, rows: number): void {
    const before = this.lastWrite.get(dir);
    if (!before || before.rows !== rows) this.lastWrite.set(dir, { rows, at: Date.now() });
  }

  private async metas(entries: readonly RunEntry[]): Promise<RunMeta[]> {
    const metas = await Promise.all(
      entries.map((entry) => {
        const written = entry.status === 'running' ? this.lastWrite.get(entry.dir)?.at : undefined;
        const { unreadable } = this.services.runs.reader(entry.dir);
        return runMeta(entry, written, unreadable);
      }),
    );
    const places = await paletteOf(this.context.workspaceState, this.key, [
      ...new Set(metas.map((meta) => meta.group)),
    ]);
    return metas.map((meta) => ({ ...meta, palette: places.get(meta.group) ?? 0 }));
  }

  private async post(message: ToCurves): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async receive(message: FromCurves): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.sentRuns = '';
        this.feed.forget();
        this.schedule();
        break;
      case 'run-command':
        await this.runCommand(message.command, message.run);
        break;
      case 'command':
        await this.command(message.command);
        break;
      default:
        break;
    }
  }

  private async runCommand(
    command: Extract<FromCurves, { type: 'run-command' }>['command'],
    run: string,
  ): Promise<void> {
    // Only runs that this panel shows: the page may not name other folders.
    const entry = this.entries().find((candidate) => candidate.dir === run);
    if (!entry) return;
    if (command === 'stop') await this.services.stop(run);
    else if (command === 'resume') await this.services.resume(run);
    else if (command === 'inspect') await vscode.commands.executeCommand('ssm.inspectScan', run);
    else if (command === 'open-config') {
      const file = entry.config ?? path.join(run, 'config.ssm.yaml');
      await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn: vscode.ViewColumn.One });
    } else await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(run));
  }

  private async command(command: Extract<FromCurves, { type: 'command' }>['command']): Promise<void> {
    if (command === 'log') this.services.log.show();
    else if (command === 'template') await vscode.commands.executeCommand('ssm.newConfig');
    else if (command === 'train') {
      await vscode.commands.executeCommand(
        'ssm.train',
        this.key === 'all' ? undefined : vscode.Uri.file(this.key),
      );
    } else {
      const picked = await vscode.window.showOpenDialog({
        canSelectFolders: true,
        canSelectFiles: false,
        openLabel: 'Show Run',
        title: 'Open a run folder',
      });
      if (!picked?.[0]) return;
      const entry = await this.services.runs.add(picked[0].fsPath);
      this.reveal([entry.dir]);
    }
  }
}

/** Key of the panel that shows these runs: their config, or `all` when there are several or none. */
export function panelKey(services: PanelServices, runs: readonly string[]): string {
  const configs = new Set(runs.map((dir) => services.runs.get(dir)?.config));
  const [config] = configs;
  return configs.size === 1 && config !== undefined ? config : 'all';
}
