/** @file The host's side of a Scan panel: asks for what the panel wants to see and hands it over. */
import path from 'node:path';
import * as vscode from 'vscode';
import { fromScanSchema, type FromScan, type ToScan } from '../../protocol/view-scan';
import type { PanelServices } from '../services';
import { listen, panelIcon, showPage } from './host';
import { readInspection } from './inspection';

export class ScanPanel {
  static readonly open = new Map<string, ScanPanel>();
  private readonly disposables: vscode.Disposable[] = [];
  private cancel: vscode.CancellationTokenSource | undefined;
  private checkpoints = 0;

  /** Fills a new or restored panel. */
  static show(...parameters: ConstructorParameters<typeof ScanPanel>): vscode.WebviewPanel {
    return new ScanPanel(...parameters).panel;
  }

  constructor(
    /** Run folder, checkpoint or config. */
    readonly target: string,
    readonly panel: vscode.WebviewPanel,
    context: vscode.ExtensionContext,
    private readonly services: PanelServices,
    private layer: number | undefined,
  ) {
    ScanPanel.open.set(target, this);
    this.checkpoints = this.countCheckpoints();
    this.disposables.push(
      listen<FromScan>(panel.webview, fromScanSchema, services, (message) => this.receive(message)),
      services.runs.onDidChange((dirs) => {
        if (dirs.length === 0 || dirs.includes(target)) this.watchCheckpoints();
      }),
    );
    panel.onDidDispose(() => {
      ScanPanel.open.delete(target);
      this.cancel?.cancel();
      for (const disposable of this.disposables) disposable.dispose();
    });
    panel.title = `Scan: ${this.name()}`;
    panel.iconPath = panelIcon(context, 'scan');
    showPage(context, panel.webview, 'scan', target);
  }

  reveal(layer: number | undefined): void {
    this.panel.reveal(undefined, true);
    if (layer === undefined) return;
    this.layer = layer;
    void this.post(this.targetMessage());
  }

  private name(): string {
    const entry = this.services.runs.get(this.target);
    // `tiny · ed73` instead of the date that folders are named by.
    if (entry) return entry.name.replace(/\/\d{8}-\d{6}-([0-9a-f]{4})$/, ' · $1');
    return path.basename(this.target).replace(/\.ssm\.(ya?ml|json)$/, '');
  }

  private targetMessage(): ToScan {
    return {
      type: 'target',
      name: this.name(),
      trained: !/\.ssm\.(ya?ml|json)$/.test(this.target),
      ...(this.layer === undefined ? {} : { layer: this.layer }),
    };
  }

  private countCheckpoints(): number {
    if (!this.services.runs.get(this.target)) return 0;
    return this.services.runs.reader(this.target).events.filter((event) => event.event === 'checkpoint')
      .length;
  }

  /** Says that there is something newer to look at, instead of changing what is being looked at. */
  private watchCheckpoints(): void {
    const count = this.countCheckpoints();
    if (count > this.checkpoints) {
      const step = this.services.runs
        .reader(this.target)
        .events.findLast((event) => event.event === 'checkpoint')?.step;
      void this.post({ type: 'newer', ...(step === undefined ? {} : { step }) });
    }
    this.checkpoints = count;
  }

  private async post(message: ToScan): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async receive(message: FromScan): Promise<void> {
    if (message.type === 'ready') await this.post(this.targetMessage());
    else if (message.type === 'command') {
      if (message.command === 'log') this.services.log.show();
      else if (message.command === 'curves')
        await vscode.commands.executeCommand('ssm.openCurves', this.target);
      else await vscode.commands.executeCommand('ssm.train', vscode.Uri.file(this.target));
    } else if (message.type === 'inspect') await this.inspect(message);
  }

  private async inspect(message: Extract<FromScan, { type: 'inspect' }>): Promise<void> {
    const { request, layer, example, ids } = message;
    // Only the newest question counts.
    this.cancel?.cancel();
    const cancel = new vscode.CancellationTokenSource();
    this.cancel = cancel;
    try {
      const raw = await this.services.inspect(
        {
          target: this.target,
          ...(layer === undefined ? {} : { layer }),
          ...(ids === undefined ? (example === undefined ? {} : { example }) : { ids }),
        },
        cancel.token,
      );
      if (cancel.token.isCancellationRequested) return;
      await this.post({ type: 'inspection', request, inspection: readInspection(raw) });
    } catch (error) {
      if (cancel.token.isCancellationRequested) return;
      const text = error instanceof Error ? error.message : String(error);
      this.services.log.error(`inspecting ${this.target}: ${text}`);
      await this.post({ type: 'failed', request, message: text });
    } finally {
      cancel.dispose();
    }
  }
}
