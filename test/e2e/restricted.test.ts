/** @file Restricted Mode: editing helps, nothing runs, and the reason is told. */
import assert from 'node:assert/strict';
import {
  dismissNotifications,
  notification,
  openFile,
  runCommand,
  showRuns,
  suggestions,
  until,
} from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { runFolders } from './support/runs';
import { extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

describe('Restricted Mode', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      trust: true,
      files: { 'small.ssm.yaml': smallConfig(100) },
    });
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  it('is on in a folder that nobody trusted', async () => {
    const { page } = session;
    await page.locator('.monaco-dialog-box').getByText("No, I don't trust the authors").click();
    await page.locator('.monaco-dialog-box').waitFor({ state: 'hidden' });
    await page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  });

  it('completes keys', async () => {
    const { page } = session;
    await openFile(page, 'small.ssm.yaml');
    await page.keyboard.press('Control+End');
    const labels = await suggestions(page, 'seed');
    assert.ok(labels.includes('seed'), labels.join(', '));
    await page.keyboard.press('Escape');
  });

  it('does not train and says why, with the way to trust', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Train');
    const text = await notification(page, 'trust this workspace');
    await session.screenshot('restricted');
    assert.match(text, /Training starts a program/);
    assert.match(text, /Manage Workspace Trust/);
    assert.deepEqual(runFolders(session.workspace), []);
  });

  it('says the same in the Runs view', async () => {
    const { page } = session;
    await showRuns(page);
    const welcome = page.locator('.pane .welcome-view-content');
    await until(
      'welcome text',
      () => welcome.innerText(),
      (text) => /Restricted Mode/.test(text),
    );
    await session.screenshot('restricted-view');
  });

  it('neither looks into a model nor continues texts', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Inspect Scan');
    await notification(page, 'Inspecting starts a program');
    await dismissNotifications(page);
    await runCommand(page, 'SSM Studio: Open Playground');
    await notification(page, 'The playground starts a program');
    await session.screenshot('restricted-playground');
    assert.deepEqual(session.problems, []);
  });
});
