/** @file The host's side of a Playground panel: one process with the model, whose words it passes on. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Beginning, Facts, Result, Token, WeightBits } from '../../protocol/playground';
import { fromPlaygroundSchema, type FromPlayground, type ToPlayground } from '../../protocol/view-playground';
import type { PlaygroundProcess } from '../playground';
import type { PanelServices } from '../services';
import { listen, panelIcon, showPage } from './host';
import { runName } from './run-name';

/** Tokens of a text that its scan shows: from its beginning, as every state follows from there. */
const SCANNED = 512;

type Generate = Extract<FromPlayground, { type: 'generate' }>;

/** The request that was made last, all of it: a page that was hidden meanwhile is told again. */
interface Request {
  readonly number: number;
  beginning?: Beginning;
  tokens: Token[];
  result?: Result;
  failure?: string;
}

export class PlaygroundPanel {
  static readonly open = new Map<string, PlaygroundPanel>();
  private readonly disposables: vscode.Disposable[] = [];
  private process: PlaygroundProcess | undefined;
  private facts: Promise<Facts> | undefined;
  private request: Request | undefined;
  private checkpoints: number;
  private bits: WeightBits = 32;

  /** Fills a new or restored panel. */
  static show(...parameters: ConstructorParameters<typeof PlaygroundPanel>): vscode.WebviewPanel {
    return new PlaygroundPanel(...parameters).panel;
  }

  constructor(
    /** Run folder or checkpoint. */
    readonly target: string,
    readonly panel: vscode.WebviewPanel,
    context: vscode.ExtensionContext,
    private readonly services: PanelServices,
    saved?: unknown,
  ) {
    PlaygroundPanel.open.set(target, this);
    this.checkpoints = this.countCheckpoints();
    this.disposables.push(
      listen<FromPlayground>(panel.webview, fromPlaygroundSchema, services, (message) =>
        this.receive(message),
      ),
      services.runs.onDidChange((dirs) => {
        if (dirs.length === 0 || dirs.includes(target)) this.watchCheckpoints();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.openModel()),
    );
    panel.onDidDispose(() => {
      PlaygroundPanel.open.delete(target);
      this.close();
      for (const disposable of this.disposables) disposable.dispose();
    });
    panel.title = `Playground: ${this.name()}`;
    panel.iconPath = panelIcon(context, 'playground');
    showPage(context, panel, 'playground', target, saved);
  }

  reveal(): void {
    this.panel.reveal(undefined, false);
  }

  private get run(): boolean {
    return this.services.runs.get(this.target) !== undefined;
  }

  private name(): string {
    const entry = this.services.runs.get(this.target);
    return entry ? runName(entry) : path.basename(this.target);
  }

  private countCheckpoints(): number {
    if (!this.run) return 0;
    return this.services.runs.reader(this.target).events.filter((event) => event.event === 'checkpoint')
      .length;
  }

  /** Says that there is something newer, instead of changing the model in the middle of a text. */
  private watchCheckpoints(): void {
    const count = this.countCheckpoints();
    if (count > this.checkpoints && this.process) {
      const step = this.services.runs
        .reader(this.target)
        .events.findLast((event) => event.event === 'checkpoint')?.step;
      this.post({ type: 'newer', ...(step === undefined ? {} : { step }) });
    }
    this.checkpoints = count;
  }

  private post(message: ToPlayground): void {
    void this.panel.webview.postMessage(message);
  }

  private async receive(message: FromPlayground): Promise<void> {
    switch (message.type) {
      case 'ready':
        // A process that is open goes on as it is.
        if (!this.process) this.bits = message.bits ?? this.bits;
        await this.ready();
        break;
      case 'weights':
        this.bits = message.bits;
        this.close();
        await this.openModel();
        break;
      case 'generate':
        await this.generate(message);
        break;
      case 'stop':
        this.process?.stop();
        break;
      case 'scan':
        await this.scan(message.prompt, message.path);
        break;
      case 'command':
        await this.command(message.command);
        break;
    }
  }

  private async command(command: Extract<FromPlayground, { type: 'command' }>['command']): Promise<void> {
    const { target } = this;
    if (command === 'log') this.services.log.show();
    else if (command === 'curves') await vscode.commands.executeCommand('ssm.openCurves', target);
    else if (command === 'fine-tune') await vscode.commands.executeCommand('ssm.fineTune', { target });
    else {
      this.close();
      await this.openModel();
    }
  }

  /** The scan of the text that is shown; of an example of the data where there is none. */
  private async scan(prompt: string, path: readonly number[]): Promise<void> {
    const { target } = this;
    const process = prompt === '' ? undefined : await this.openModel();
    const ids = process ? [...(await process.encode(prompt)), ...path].slice(0, SCANNED) : undefined;
    await vscode.commands.executeCommand('ssm.inspectScan', { target, ...(ids ? { ids } : {}) });
  }

  /** A page has come to life, the first or one that was hidden: it is told everything. */
  private async ready(): Promise<void> {
    const { request } = this;
    this.post({
      type: 'target',
      name: this.name(),
      run: this.run,
      request: request?.number ?? null,
    });
    await this.openModel();
    if (request && request === this.request) this.tell(request);
  }

  private tell({ number, beginning, tokens, result, failure }: Request): void {
    if (beginning) this.post({ type: 'began', request: number, beginning });
    if (tokens.length > 0) this.post({ type: 'tokens', request: number, from: 0, tokens });
    if (result) this.post({ type: 'finished', request: number, result });
    if (failure !== undefined) this.post({ type: 'failed', request: number, message: failure });
  }

  /** Starts the process if there is none, and tells what it has opened. */
  private async openModel(): Promise<PlaygroundProcess | undefined> {
    try {
      if (!this.process) {
        this.process = this.services.playground(this.target, this.bits, {
          began: (beginning) => {
            const { request } = this;
            if (!request) return;
            request.beginning = beginning;
            this.post({ type: 'began', request: request.number, beginning });
          },
          tokens: (from, tokens) => {
            const { request } = this;
            if (!request) return;
            request.tokens = [...request.tokens.slice(0, from), ...tokens];
            this.post({ type: 'tokens', request: request.number, from, tokens: [...tokens] });
          },
          ended: (reason) => this.lost(reason),
        });
        this.facts = this.process.facts();
      }
      const { process } = this;
      const facts = await this.facts!;
      if (process !== this.process) return undefined;
      this.post({ type: 'opened', facts });
      return process;
    } catch (error) {
      this.failed(null, error);
      return undefined;
    }
  }

  private async generate({ request: number, prompt, path: ids, settings }: Generate): Promise<void> {
    const request: Request = { number, tokens: [] };
    this.request = request;
    const process = await this.openModel();
    if (!process) return;
    try {
      const result = await process.generate({ prompt, path: ids, settings });
      request.result = result;
      this.post({ type: 'finished', request: number, result });
    } catch (error) {
      if (process !== this.process) return;
      request.failure = error instanceof Error ? error.message : String(error);
      this.failed(number, error);
    }
  }

  /** The process is gone; what was generated stays. */
  private lost(reason: string): void {
    this.services.log.error(`playground of ${this.target}: ${reason}`);
    this.process = undefined;
    this.facts = undefined;
    this.request = undefined;
    this.post({ type: 'failed', request: null, message: reason });
  }

  private failed(request: number | null, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.services.log.error(`playground of ${this.target}: ${message}`);
    this.post({ type: 'failed', request, message });
  }

  private close(): void {
    this.process?.dispose();
    this.process = undefined;
    this.facts = undefined;
    this.request = undefined;
  }
}
