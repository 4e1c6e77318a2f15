/**
 * @file The command table. Every command of the manifest is registered here before anything can fail; its code is
 * loaded on the first call, and a failure is told with a way to the log.
 */
import * as vscode from 'vscode';
import type { Studio } from '../studio';

/**
 * Commands get the argument of the place they are called from: a Uri, a tree item, an object, or nothing; and in a tree
 * where several items are selected, all of them.
 */
export type CommandHandler = (studio: Studio, argument?: unknown, selection?: unknown) => unknown;

const lazily =
  <M>(load: () => Promise<M>, pick: (module: M) => CommandHandler): CommandHandler =>
  async (studio, argument, selection) =>
    pick(await load())(studio, argument, selection);

const runs = () => import('./runs');
const compare = () => import('./compare');
const deletion = () => import('./deletion');
const notes = () => import('./notes');
const sweep = () => import('./sweep');
const configs = () => import('./configs');
const info = () => import('./info');
const model = () => import('./model');
const playground = () => import('./playground');
const checkpoint = () => import('./checkpoint');

const table: Record<string, CommandHandler> = {
  'ssm.train': lazily(runs, (m) => m.train),
  'ssm.trainExample': lazily(runs, (m) => m.trainExample),
  'ssm.runSweep': lazily(sweep, (m) => m.runSweep),
  'ssm.stop': lazily(runs, (m) => m.stop),
  'ssm.resume': lazily(runs, (m) => m.resume),
  'ssm.openCurves': lazily(runs, (m) => m.openCurves),
  'ssm.inspectScan': lazily(runs, (m) => m.inspectScan),
  'ssm.openRunFolder': lazily(runs, (m) => m.openRunFolder),
  'ssm.openRunConfig': lazily(runs, (m) => m.openRunConfig),
  'ssm.copyRunPath': lazily(runs, (m) => m.copyRunPath),
  'ssm.compareRuns': lazily(compare, (m) => m.compareRuns),
  'ssm.addRun': lazily(notes, (m) => m.addRun),
  'ssm.renameRun': lazily(notes, (m) => m.renameRun),
  'ssm.tagRun': lazily(notes, (m) => m.tagRun),
  'ssm.pinRun': lazily(notes, (m) => m.pinRun),
  'ssm.unpinRun': lazily(notes, (m) => m.unpinRun),
  'ssm.deleteRun': lazily(deletion, (m) => m.deleteRun),
  'ssm.refreshRuns': lazily(runs, (m) => m.refreshRuns),
  'ssm.runMenu': lazily(runs, (m) => m.runMenu),
  'ssm.checkConfig': lazily(configs, (m) => m.checkConfig),
  'ssm.newConfig': lazily(configs, (m) => m.newConfig),
  'ssm.showResolvedConfig': lazily(model, (m) => m.showResolvedConfig),
  'ssm.showModelStructure': lazily(model, (m) => m.showModelStructure),
  'ssm.openCheckpoint': lazily(checkpoint, (m) => m.openCheckpoint),
  'ssm.openPlayground': lazily(playground, (m) => m.openPlayground),
  'ssm.fineTune': lazily(checkpoint, (m) => m.fineTune),
  'ssm.showRuntimeInfo': lazily(info, (m) => m.showRuntimeInfo),
  'ssm.restartServer': (studio) => studio.restartServer(),
  'ssm.showLog': (studio) => studio.log.show(),
  'ssm.openWalkthrough': (studio) =>
    vscode.commands.executeCommand(
      'workbench.action.openWalkthrough',
      `${studio.context.extension.id}#start`,
      false,
    ),
};

export function registerCommands(context: vscode.ExtensionContext, studio: Studio): void {
  for (const [id, handler] of Object.entries(table)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(id, async (argument?: unknown, selection?: unknown) => {
        try {
          return await handler(studio, argument, selection);
        } catch (error) {
          await studio.report(id, error);
          return undefined;
        }
      }),
    );
  }
}
