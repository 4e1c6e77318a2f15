/** @file The other commands, as a newcomer meets them: template, untitled document, check, info, delete, walkthrough. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {
  dismissNotifications,
  editorText,
  notification,
  openFile,
  pick,
  runCommand,
  runRows,
  showRuns,
  until,
} from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { runFolders, runInfo } from './support/runs';
import { extensionUnderTest } from './support/vsix';

describe('commands', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      settings: { 'ssm.runs.openCurves': false },
      files: {
        'small.ssm.yaml': smallConfig(12),
        'wrong.ssm.yaml': 'data: induction-heads\nmodel:\n  d_model: wide\n  layers: [{mixer: mamba}]\n',
      },
    });
  });
  after(async () => {
    for (const dir of session === undefined ? [] : runFolders(session.workspace)) {
      const { status, pid } = runInfo(dir);
      if (status === 'running') process.kill(pid, 'SIGKILL');
    }
    await session?.close();
    await closeBrowser();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await session.screenshot(`failed ${this.currentTest.title.slice(0, 50)}`);
  });

  it('offers a primary action where there are no runs', async () => {
    const { page } = session;
    await showRuns(page);
    await page.locator('.welcome-view-content', { hasText: 'No runs yet' }).waitFor();
    await session.screenshot('runs-welcome');
  });

  it('starts a config from a template, untitled', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: New Config from Template');
    const rows = page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    await session.screenshot('templates');
    assert.ok((await rows.count()) >= 4);
    await pick(page, 'induction-heads');
    await page.locator('.tab.active', { hasText: 'induction-heads' }).waitFor();
    await until(
      'text',
      () => editorText(page),
      (text) => text.includes('data: induction-heads'),
    );
    assert.equal(fs.existsSync(`${session.workspace}/induction-heads.ssm.yaml`), false);
  });

  it('trains an untitled config and says where the run is', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Train');
    const text = await notification(page, 'This config has no file', 60_000);
    assert.match(text, /runs\/induction-heads\//);
    const [run = ''] = await until(
      'a run',
      () => runFolders(session.workspace),
      (runs) => runs.length === 1,
    );
    assert.ok(run.includes('/runs/induction-heads/'));
    await runCommand(page, 'SSM Studio: Stop');
    await until(
      'stopped',
      () => runInfo(run).status,
      (status) => status === 'stopped',
      60_000,
    );
  });

  it('tells a config that cannot be trained from one that can', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await runCommand(page, 'View: Show Explorer');
    await openFile(page, 'wrong.ssm.yaml');
    await runCommand(page, 'SSM Studio: Check Config');
    assert.match(await notification(page, 'wrong:'), /Line 3: /);
    await dismissNotifications(page);
    const before = runFolders(session.workspace);
    await runCommand(page, 'SSM Studio: Train');
    const text = await notification(page, 'd_model');
    await session.screenshot('train-wrong');
    assert.match(text, /3:12|line 3/i);
    assert.deepEqual(runFolders(session.workspace), before);
    await dismissNotifications(page);
    await runCommand(page, 'View: Show Explorer');
    await openFile(page, 'small.ssm.yaml');
    await runCommand(page, 'SSM Studio: Check Config');
    await notification(page, 'small: no errors');
  });

  it('trains to the end and shows it in the tree', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await runCommand(page, 'SSM Studio: Train');
    await showRuns(page);
    await until(
      'finished in the tree',
      async () => ({
        shown: await runRows(page),
        runs: runFolders(session.workspace).map((dir) => runInfo(dir).status),
      }),
      ({ shown, runs }) =>
        runs.includes('finished') && shown.some((row) => /loss [\d.]+ · [\d.]+ %/.test(row)),
      60_000,
    );
    await session.screenshot('tree');
  });

  it('deletes a run after asking', async () => {
    const { page } = session;
    const before = runFolders(session.workspace);
    const row = page.locator('.part.sidebar .monaco-list-row', { hasText: 'stopped' }).first();
    await row.click({ button: 'right' });
    const item = page.locator('.context-view .action-item', { hasText: 'Delete Run' });
    await item.hover();
    await page.waitForTimeout(300); // a menu that has just opened ignores clicks
    await item.click();
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    await session.screenshot('delete');
    await dialog.getByText('Move to Trash', { exact: true }).click();
    // A server has no trash: the second question says so.
    const second = page.locator('.monaco-dialog-box', { hasText: 'has no trash' });
    await Promise.race([
      second.waitFor().catch(() => undefined),
      until(
        'gone',
        () => runFolders(session.workspace),
        (runs) => runs.length < before.length,
      ).catch(() => undefined),
    ]);
    if (await second.isVisible()) await second.getByText('Delete Permanently', { exact: true }).click();
    await until(
      'gone',
      () => runFolders(session.workspace),
      (runs) => runs.length === before.length - 1,
    );
  });

  it('shows versions and devices', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Show Runtime Info');
    await until(
      'info',
      () => editorText(page),
      (text) => /onnxruntime: \d/.test(text) && /devices/.test(text),
      30_000,
    );
    await session.screenshot('runtime-info');
  });

  it('has a walkthrough whose pictures load', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Open Walkthrough');
    await page.locator('.gettingStartedContainer', { hasText: 'Train a small Mamba' }).waitFor();
    await page.waitForTimeout(1000);
    await session.screenshot('walkthrough');
  });

  it('restarts the language server and shows the log', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Restart Language Server');
    await page.locator('.statusbar', { hasText: 'language server restarted' }).waitFor();
    await runCommand(page, 'SSM Studio: Show Log');
    await page.locator('.part.panel .view-lines', { hasText: 'Language server ready' }).waitFor();
    assert.deepEqual(session.problems, []);
  });
});
