/** @file The host's side of a Scan panel: asks for what the panel wants to see and hands it over. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { fromScanSchema, type FromScan, type ToScan } from '../../protocol/view-scan';
import type { RunReader } from '../../runs';
import type { PanelServices } from '../services';
import { listen, panelIcon, showPage } from './host';
import { readAnalysis, readInspection, readSurvey } from './inspection';
import { readFrames } from './replay';
import { isOffered, pickOther, runOf } from './pick-other';
import { runName } from './run-name';

/** Milliseconds between looks for new probes of a live run. */
const REPLAY_MS = 4000;
/** Milliseconds between messages about how much of an answer has come. */
const PROGRESS_MS = 250;

/** What stands beside the target in the attention view. */
export interface Beside {
  readonly target: string;
  readonly name: string;
}

/** What a new panel shows first. */
export interface Beginning {
  readonly layer?: number | undefined;
  readonly ids?: readonly number[] | undefined;
  /** A run whose matrices stand beside those of the target. */
  readonly beside?: Beside | undefined;
  /** What an earlier page of this panel had saved. */
  readonly saved?: unknown;
}

export class ScanPanel {
  static readonly open = new Map<string, ScanPanel>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly cancel = new Map<string, vscode.CancellationTokenSource>();
  private checkpoints = 0;
  private present = true;
  private replayed = 0;
  private layer: number | undefined;
  private ids: readonly number[] | undefined;
  private beside: Beside | undefined;

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
    { layer, ids, beside, saved }: Beginning = {},
  ) {
    this.layer = layer;
    this.ids = ids;
    this.beside = beside;
    ScanPanel.open.set(target, this);
    this.checkpoints = this.countCheckpoints();
    this.disposables.push(
      listen<FromScan>(panel.webview, fromScanSchema, services, (message) => this.receive(message)),
      services.runs.onDidChange((dirs) => {
        if (dirs.length !== 0 && !dirs.includes(runOf(target))) return;
        this.watchCheckpoints();
        this.watchProbes();
        void this.watchPresence();
      }),
    );
    panel.onDidDispose(() => {
      ScanPanel.open.delete(target);
      for (const cancel of this.cancel.values()) cancel.cancel();
      for (const disposable of this.disposables) disposable.dispose();
    });
    panel.title = `Scan: ${this.name()}`;
    panel.iconPath = panelIcon(context, 'scan');
    showPage(context, panel, 'scan', target, saved);
  }

  reveal({ layer, ids, beside }: Beginning): void {
    this.panel.reveal(undefined, true);
    if (beside) void this.post({ type: 'picked', ...beside });
    if (layer === undefined && ids === undefined) return;
    this.layer = layer;
    this.ids = ids;
    void this.post(this.targetMessage());
  }

  private name(): string {
    const entry = this.services.runs.get(this.target);
    if (entry) return runName(entry);
    return path.basename(this.target).replace(/\.ssm\.(ya?ml|json)$/, '');
  }

  private targetMessage(): ToScan {
    const { ids } = this;
    // Told once: a page that comes back has a choice of its own.
    this.ids = undefined;
    return {
      type: 'target',
      name: this.name(),
      trained: !/\.ssm\.(ya?ml|json)$/.test(this.target),
      ...(this.layer === undefined ? {} : { layer: this.layer }),
      ...(ids === undefined ? {} : { ids: [...ids] }),
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

  /** Hands over the probes of a run that trains, now and then, while the panel is seen. */
  private watchProbes(): void {
    const now = Date.now();
    if (!this.panel.visible || now - this.replayed < REPLAY_MS) return;
    if (this.services.runs.get(this.target)?.status !== 'running') return;
    this.replayed = now;
    this.replay().catch((error: unknown) => this.services.log.warn(`reading probes: ${String(error)}`));
  }

  /** Says when the target is deleted under the panel, and when it is brought back. */
  private async watchPresence(): Promise<boolean> {
    const present = await fs.access(this.target).then(
      () => true,
      () => false,
    );
    if (present !== this.present) {
      this.present = present;
      await this.post({ type: 'presence', present });
    }
    return present;
  }

  private async post(message: ToScan): Promise<void> {
    await this.panel.webview.postMessage(message);
  }

  private async receive(message: FromScan): Promise<void> {
    if (message.type === 'ready') {
      await this.post(this.targetMessage());
      // A page that comes back takes its target to be there.
      this.present = true;
      const { beside } = this;
      // Told once: a page that comes back has a choice of its own.
      this.beside = undefined;
      if (beside) await this.post({ type: 'picked', ...beside });
    } else if (message.type === 'command') {
      if (message.command === 'log') this.services.log.show();
      else if (message.command === 'curves')
        await vscode.commands.executeCommand('ssm.openCurves', this.target);
      else if (message.command === 'other') await this.showOther();
      else await vscode.commands.executeCommand('ssm.train', vscode.Uri.file(this.target));
    } else if (message.type === 'replay') await this.replay();
    else if (message.type === 'cancel') for (const cancel of this.cancel.values()) cancel.cancel();
    else if (message.type === 'pick') {
      const picked = await pickOther(this.services.runs, this.target, {
        placeHolder: 'Which run or checkpoint stands beside this one?',
        none: 'There is no other run or checkpoint yet; P pins the chosen matrix.',
      });
      if (picked) await this.post({ type: 'picked', ...picked });
    } else if (message.type === 'inspect' || message.type === 'survey' || message.type === 'analyse')
      await this.ask(message);
  }

  /** In a panel of its own: what this one shows stays. */
  private async showOther(): Promise<void> {
    const picked = await pickOther(this.services.runs, this.target, {
      placeHolder: 'Look into which run?',
      none: 'There is no other run.',
    });
    if (picked) await vscode.commands.executeCommand('ssm.inspectScan', { target: picked.target });
  }

  /** The probes of training that the run folder holds; also asked again while the run is live. */
  private async replay(): Promise<void> {
    const run = this.services.runs.get(this.target);
    const { frames, tokens } = run ? await readFrames(this.target) : { frames: [], tokens: [] };
    const losses = run ? lossesOf(this.services.runs.reader(this.target)) : [];
    await this.post({ type: 'replay', frames, tokens, losses });
  }

  /** Tells the page how much of an answer has come, now and then. */
  private progressOf(request: number): (bytes: number) => void {
    let told = 0;
    return (bytes) => {
      const now = Date.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      void this.post({ type: 'progress', request, bytes });
    };
  }

  private async ask(message: Extract<FromScan, { type: 'inspect' | 'survey' | 'analyse' }>): Promise<void> {
    const { type, request, example, ids } = message;
    const other = type === 'inspect' ? undefined : message.target;
    const channel = type === 'analyse' ? message.channel : undefined;
    // Only the newest question of its kind counts: single matrices of each side are one of their own.
    const matrix = type === 'analyse' && message.name.startsWith('hidden_attention');
    const kind = `${other === undefined ? 'own' : 'other'} ${matrix ? 'matrix' : type}`;
    this.cancel.get(kind)?.cancel();
    const cancel = new vscode.CancellationTokenSource();
    this.cancel.set(kind, cancel);
    const layer = type === 'survey' ? 'all' : message.layer;
    try {
      if (other !== undefined && !(await isOffered(this.services.runs, this.target, other)))
        throw new Error(`There is no run at ${other} any more.`);
      const raw = await this.services.inspect(
        {
          target: other ?? this.target,
          ...(layer === undefined ? {} : { layer }),
          ...(ids === undefined ? (example === undefined ? {} : { example }) : { ids }),
          ...(type === 'analyse' ? { probe: message.name } : {}),
          ...(channel === undefined ? {} : { channel }),
        },
        cancel.token,
        this.progressOf(request),
      );
      if (cancel.token.isCancellationRequested) return;
      if (type === 'survey') await this.post({ type, request, survey: readSurvey(raw) });
      else if (type === 'analyse') {
        await this.post({ type: 'analysis', request, name: message.name, ...readAnalysis(raw) });
      } else await this.post({ type: 'inspection', request, inspection: readInspection(raw) });
    } catch (error) {
      if (cancel.token.isCancellationRequested) return;
      const present = await this.watchPresence();
      const text = !present
        ? `${this.name()} was deleted: there is no ${this.target} any more.`
        : error instanceof Error
          ? error.message
          : String(error);
      this.services.log.error(`inspecting ${this.target}: ${text}`);
      await this.post({ type: 'failed', request, message: text });
    } finally {
      cancel.dispose();
    }
  }
}

/** Step and training loss, at most a few thousand points. */
function lossesOf(reader: RunReader): [number, number][] {
  const table = reader.tables.get('train');
  const steps = table?.column('step') ?? new Float64Array();
  const losses = table?.column('loss') ?? new Float64Array();
  const every = Math.max(1, Math.ceil(steps.length / 2000));
  const out: [number, number][] = [];
  for (let i = 0; i < steps.length; i += every) {
    const loss = losses[i];
    if (loss !== undefined && Number.isFinite(loss)) out.push([steps[i]!, loss]);
  }
  return out;
}
