/**
 * @file Starts, stops, resumes and follows runs. A run is its own process; this window only attaches to it, so a
 * reload or a crash of the editor changes nothing for the run.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { newRunDir } from '../../runs';
import { attach, spawnRun, type SpawnedRun } from '../../runtime/client';
import { cliPath, nodeEnvironment } from '../child';
import { UserError } from '../errors';
import { count, percent, quantity } from '../format';
import type { RunEntry } from '../services';
import type { Studio } from '../studio';
import { TrainingStatus } from '../views/status-bar';
import { DiskRunStore } from './store';
import type { ConfigSource } from './source';

/** How long a run may take to write its run.json before it counts as not started, ms. */
const START_LIMIT = 60_000;

export class RunManager implements vscode.Disposable {
  readonly store: DiskRunStore;
  /** Runs started from this window. */
  readonly #mine = new Set<string>();
  readonly #disposables: vscode.Disposable[] = [];

  constructor(private readonly studio: Studio) {
    this.store = new DiskRunStore(studio.log, studio.context.workspaceState);
  }

  async start(): Promise<void> {
    await this.store.start();
    this.#disposables.push(
      this.store,
      this.studio.tree.show(this.store),
      new TrainingStatus(this.store),
      this.store.onDidChange(() => this.#updateContext()),
    );
    this.#updateContext();
  }

  #updateContext(): void {
    const set = (key: string, value: boolean): void => {
      if (this.#context.get(key) === value) return;
      this.#context.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    };
    set('ssm.runActive', this.live.length > 0);
    set('ssm.hasRuns', this.store.runs.length > 0);
  }
  readonly #context = new Map<string, boolean>();

  get live(): RunEntry[] {
    return this.store.runs.filter(({ status }) => status === 'running');
  }

  /** Starts a run of this config in a new run folder. Resolves when the run has written its run.json. */
  async train(source: ConfigSource): Promise<RunEntry> {
    const dir = newRunDir(path.join(source.root, `${source.stem}.ssm.yaml`));
    return this.#launch(dir, source.file, false);
  }

  /** Continues a run that stopped, failed or was killed, in its own folder. */
  async resume(dir: string): Promise<RunEntry> {
    const run = await this.store.add(dir);
    if (run.status === 'running') throw new UserError(`${run.name} is running already.`);
    return this.#launch(dir, path.join(dir, 'config.ssm.yaml'), true);
  }

  async #launch(dir: string, config: string, resume: boolean): Promise<RunEntry> {
    const settings = vscode.workspace.getConfiguration('ssm');
    const device = settings.get<string>('device', 'config');
    const threads = settings.get<number>('threads', 0);
    const { context, log } = this.studio;
    log.info(`${resume ? 'Resuming' : 'Training'} ${config} in ${dir}`);
    const before = resume ? await stamp(dir) : undefined;
    const spawned = await spawnRun({
      cli: [cliPath(context)],
      config,
      runDir: dir,
      resume,
      // A resumed run keeps its device and threads.
      ...(resume || device === 'config' ? {} : { device }),
      ...(resume || threads === 0 ? {} : { threads }),
      detached: true,
      cwd: path.dirname(config),
      environment: nodeEnvironment(),
    }).catch((error: unknown) => {
      throw new UserError(`The run did not start: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#mine.add(dir);
    const entry = await this.#appeared(dir, config, spawned, before);
    void this.#tellEnd(dir, spawned);
    return entry;
  }

  /** Waits until the process has taken the folder; tells its log when it ended before. */
  async #appeared(
    dir: string,
    config: string,
    spawned: SpawnedRun,
    before: string | undefined,
  ): Promise<RunEntry> {
    let exit: { readonly code: number | null; readonly log: string } | undefined;
    void spawned.exited.then((result) => {
      exit = result;
    });
    const deadline = Date.now() + START_LIMIT;
    while (Date.now() < deadline) {
      const written = await stamp(dir);
      if (written !== undefined && written !== before) return this.store.add(dir);
      if (exit !== undefined) {
        if (before === undefined) await removeIfEmpty(dir);
        this.studio.log.error(exit.log);
        throw new UserError(
          firstError(exit.log)?.replaceAll(`${path.dirname(config)}${path.sep}`, '') ??
            `The run ended with exit code ${exit.code} before its first step.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    throw new UserError(
      `The run has not started within ${START_LIMIT / 1000} s; its log is ${path.join(dir, 'log.txt')}.`,
    );
  }

  /** Asks a live run to finish its step, save and end. Resolves when the process has let go. */
  async stop(dir: string): Promise<void> {
    let failure: unknown;
    try {
      const attached = await attach(dir);
      try {
        await attached.stop();
        await Promise.race([attached.closed, new Promise((resolve) => setTimeout(resolve, 15_000))]);
      } finally {
        attached.dispose();
      }
    } catch (error) {
      failure = error;
    }
    await this.store.refresh(dir);
    const run = this.store.get(dir);
    // A run that ended meanwhile did not answer, and did what was asked.
    if (failure === undefined || run?.status !== 'running') return;
    throw new UserError(
      `${run.name} could not be asked to stop: ${failure instanceof Error ? failure.message : 'no reason given'}`,
    );
  }

  /** Says once how a run of this window ended: failures always, the rest by setting. */
  async #tellEnd(dir: string, spawned: SpawnedRun): Promise<void> {
    const exit = await spawned.exited;
    await this.store.refresh(dir);
    const run = this.store.get(dir);
    if (run === undefined) return;
    this.studio.log.info(
      `${run.name}: ${run.status} at step ${run.step} (exit code ${exit.code ?? exit.signal})`,
    );
    if (run.status === 'failed' || run.status === 'interrupted') {
      const what =
        run.status === 'failed'
          ? `${run.name} failed at step ${count(run.step)}: ${run.error ?? lastLine(exit.log) ?? 'no reason given'}`
          : `The process of ${run.name} was killed at step ${count(run.step)}. Its last checkpoint is kept.`;
      const actions = run.status === 'failed' ? ['Open Log'] : ['Resume', 'Open Log'];
      const answer = await vscode.window.showErrorMessage(what, ...actions);
      if (answer === 'Resume') await vscode.commands.executeCommand('ssm.resume', { kind: 'run', dir });
      if (answer === 'Open Log')
        await vscode.window.showTextDocument(vscode.Uri.file(path.join(dir, 'log.txt')));
      return;
    }
    const when = vscode.workspace
      .getConfiguration('ssm')
      .get<string>('runs.notifyWhenFinished', 'whenUnfocused');
    if (
      run.status !== 'finished' ||
      when === 'never' ||
      (when === 'whenUnfocused' && vscode.window.state.focused)
    )
      return;
    const numbers = [
      run.loss === undefined ? undefined : `loss ${quantity(run.loss)}`,
      run.accuracy === undefined ? undefined : `accuracy ${percent(run.accuracy)}`,
    ].filter((part) => part !== undefined);
    const answer = await vscode.window.showInformationMessage(
      `${run.name} finished: ${numbers.join(', ')}.`,
      'Open Curves',
    );
    if (answer === 'Open Curves')
      await vscode.commands.executeCommand('ssm.openCurves', { kind: 'run', dir });
  }

  /** By setting, stops the runs of this window; otherwise they go on. */
  async windowCloses(): Promise<void> {
    const setting = vscode.workspace.getConfiguration('ssm').get<string>('runs.whenWindowCloses', 'continue');
    if (setting !== 'stop') return;
    const mine = this.live.filter(({ dir }) => this.#mine.has(dir));
    await Promise.allSettled(
      mine.map(async ({ dir }) => {
        const attached = await attach(dir);
        await attached.stop();
        attached.dispose();
      }),
    );
  }

  dispose(): void {
    for (const disposable of this.#disposables.splice(0)) disposable.dispose();
  }
}

/** Who wrote run.json: changes when a process takes the folder. */
async function stamp(dir: string): Promise<string | undefined> {
  try {
    const { pid, started } = JSON.parse(await fs.readFile(path.join(dir, 'run.json'), 'utf8')) as {
      pid?: number;
      started?: string;
    };
    return `${pid} ${started}`;
  } catch {
    return undefined;
  }
}

/** A run that never began leaves only its log; the folder goes with it. */
async function removeIfEmpty(dir: string): Promise<void> {
  const names = await fs.readdir(dir).catch(() => ['?']);
  if (names.every((name) => name === 'log.txt')) await fs.rm(dir, { recursive: true, force: true });
}

/** The first line of a log that tells of an error, with what stands before it left out. */
function firstError(log: string): string | undefined {
  const lines = log.trim().split('\n');
  return lines.find((line) => /\berror\b/i.test(line))?.replace(/^error:?\s*/i, '') ?? lastLine(log);
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;
