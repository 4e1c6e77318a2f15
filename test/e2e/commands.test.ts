/** @file The other commands, as a newcomer meets them: template, untitled document, check, info, delete, walkthrough. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {
  chooseFromMenu,
  dismissNotifications,
  editorText,
  notification,
  openFile,
  pick,
  runAndPick,
  runCommand,
  runRows,
  showRuns,
  until,
} from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, panelFrame, type EditorSession } from './support/editor';
import { endRuns, runFolders, runInfo } from './support/runs';
import { extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

describe('commands', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      settings: { 'ssm.runs.openCurves': false },
      files: {
        'small.ssm.yaml': smallConfig(12),
        'swept.ssm.yaml': `${smallConfig(5)}sweep:\n  seed: [1, 2]\n`,
        'wrong.ssm.yaml': 'data: induction-heads\nmodel:\n  d_model: wide\n  layers: [{mixer: mamba}]\n',
      },
    });
  });
  after(async () => {
    endRuns(session?.workspace);
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

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

  /** Right-clicks a run and chooses from its menu. */
  const choose = async (row: string, entry: string): Promise<void> => {
    const rows = session.page.locator('.part.sidebar .monaco-list-row', { hasText: row });
    await chooseFromMenu(rows.first(), entry);
  };

  /** Answers the question that comes up. */
  const answer = async (text: string): Promise<void> => {
    const input = session.page.locator('.quick-input-widget input.input');
    await input.waitFor({ state: 'visible' });
    await input.fill(text);
    await input.press('Enter');
  };

  it('renames, tags and pins a run, in its folder', async () => {
    const { page } = session;
    await choose('stopped', 'Rename Run');
    await answer('half a run');
    await page.locator('.part.sidebar .monaco-list-row', { hasText: 'half a run' }).waitFor();
    await choose('half a run', 'Edit Tags');
    await answer('paper, mamba');
    await page.locator('.part.sidebar .monaco-list-row', { hasText: '#paper · #mamba' }).waitFor();
    await runAndPick(page, 'SSM Studio: Pin Run', 'half a run');
    await page.locator('.part.sidebar .monaco-list-row', { hasText: 'pinned' }).waitFor();
    const notes = runFolders(session.workspace)
      .map((dir) => path.join(dir, 'notes.json'))
      .filter((file) => fs.existsSync(file))
      .map((file) => JSON.parse(fs.readFileSync(file, 'utf8')) as unknown);
    assert.deepEqual(notes, [{ name: 'half a run', tags: ['paper', 'mamba'], pinned: true }]);
    await session.screenshot('notes');
  });

  it('compares two runs: their configs and their curves', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await choose('half a run', 'Compare Runs');
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.tab', { hasText: '↔' }).waitFor();
    const curves = await panelFrame(page, '[data-testid=curves][data-runs="2"]');
    assert.equal(await curves.getByTestId('curves').getAttribute('data-view'), 'curves');
    await notification(page, 'Comparing 2 runs');
    await session.screenshot('compare');
    await dismissNotifications(page);
  });

  it('deletes a run, brings it back, and deletes it for good', async () => {
    const { page } = session;
    const before = runFolders(session.workspace);
    await choose('half a run', 'Delete Run');
    const told = page.locator('.notification-toast', { hasText: 'Deleted' });
    await told.waitFor();
    assert.equal(runFolders(session.workspace).length, before.length - 1);
    await session.screenshot('delete');
    await told.getByText('Undo', { exact: true }).click();
    await until(
      'back again',
      () => runFolders(session.workspace),
      (runs) => runs.length === before.length,
    );
    await page.locator('.part.sidebar .monaco-list-row', { hasText: 'half a run' }).waitFor();
    await choose('half a run', 'Delete Run');
    await told.waitFor();
    await dismissNotifications(page);
    // A server has no trash: a question says so.
    const question = page.locator('.monaco-dialog-box', { hasText: 'has no trash' });
    await question.waitFor();
    await question.getByText('Delete Permanently', { exact: true }).click();
    await until(
      'gone',
      () => fs.readdirSync(path.dirname(before[0] ?? '')).filter((name) => name.startsWith('.deleted-')),
      (left) => left.length === 0,
    );
    assert.equal(runFolders(session.workspace).length, before.length - 1);
  });

  it('runs a sweep in a terminal, and shows its runs', async () => {
    const { page } = session;
    await runCommand(page, 'View: Show Explorer');
    await openFile(page, 'swept.ssm.yaml');
    await page.locator('.codelens-decoration', { hasText: 'Run sweep' }).waitFor();
    await runCommand(page, 'SSM Studio: Run Sweep');
    await page.locator('.terminal-wrapper .xterm').first().waitFor();
    const folder = path.join(session.workspace, 'runs', 'swept', 'sweep');
    await until(
      'two finished runs',
      () =>
        (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
          .map((name) => path.join(folder, name))
          .filter((dir) => fs.existsSync(path.join(dir, 'run.json')))
          .map((dir) => runInfo(dir).status),
      (found) => found.length === 2 && found.every((status) => status === 'finished'),
      90_000,
    );
    await showRuns(page);
    await page.locator('.part.sidebar .monaco-list-row', { hasText: 'swept' }).first().waitFor();
    // The terminal stays when the sweep has ended, with the table of results (drawn on a canvas: looked at in the picture).
    await page.waitForTimeout(2000);
    await page.locator('.single-terminal-tab', { hasText: 'Sweep: swept' }).waitFor();
    await session.screenshot('sweep');
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
