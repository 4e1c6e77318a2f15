/** @file A run that was started outside the editor is seen, watched and stopped in it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { root } from '../../scripts/steps.mjs';
import { openFile, runCommand, runRows, showRuns, until } from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { curvesShown } from './support/panels';
import { runFolders, runInfo, trainingRows } from './support/runs';
import { extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

describe('a run that was started in a terminal', () => {
  let session: EditorSession;
  let child: ChildProcess;
  let exit: Promise<number | null>;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      files: { 'small.ssm.yaml': smallConfig(200_000) },
    });
    child = spawn(
      process.execPath,
      [path.join(root, 'dist', 'cli.js'), 'train', path.join(session.workspace, 'small.ssm.yaml'), '--quiet'],
      { cwd: session.workspace, stdio: 'inherit' },
    );
    exit = new Promise((resolve) => child.once('exit', resolve));
  });
  after(async () => {
    child?.kill('SIGKILL');
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  it('appears in the Runs view and in the status bar', async () => {
    const { page } = session;
    await openFile(page, 'small.ssm.yaml');
    await showRuns(page);
    await until(
      'in the tree',
      () => runRows(page),
      (shown) => shown.some((row) => /\/ 200,000/.test(row)),
    );
    await page.locator('.statusbar-item', { hasText: /Training [\d,]+ \/ 200,000/ }).waitFor();
  });

  it('is watched', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Open Curves');
    await until(
      'points',
      () => curvesShown(page),
      ({ points }) => points >= 20,
      60_000,
    );
    await session.screenshot('terminal-run');
  });

  it('is stopped from the editor, saves, and ends with its own exit code', async () => {
    const { page } = session;
    await runCommand(page, 'SSM Studio: Stop');
    assert.equal(await exit, 130);
    const [run = ''] = runFolders(session.workspace);
    assert.equal(runInfo(run).status, 'stopped');
    const last = trainingRows(run).at(-1)!;
    await until(
      'last value',
      () => curvesShown(page),
      ({ lastStep, lastLoss }) => lastStep === last.step && lastLoss === last.loss,
    );
    assert.deepEqual(session.problems, []);
  });
});
