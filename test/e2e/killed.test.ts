/** @file A run whose process is killed: the tree and the curves say so, nothing saved is lost, and it resumes. */
import assert from 'node:assert/strict';
import { openFile, runCommand, runRows, showRuns, until } from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { curvesFrame, curvesShown } from './support/panels';
import { rows, runFolders, runInfo, trainingRows } from './support/runs';
import { extensionUnderTest } from './support/vsix';
import { keepFailures } from './support/failures';

describe('a run whose process is killed', () => {
  let session: EditorSession;
  let run: string;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      files: { 'small.ssm.yaml': smallConfig(200_000) },
    });
  });
  after(async () => {
    if (run !== undefined && runInfo(run).status === 'running') process.kill(runInfo(run).pid, 'SIGKILL');
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  it('is shown as interrupted', async () => {
    const { page } = session;
    await openFile(page, 'small.ssm.yaml');
    await runCommand(page, 'SSM Studio: Train');
    await until(
      'checkpoints',
      () => curvesShown(page),
      ({ points }) => points > 60,
      60_000,
    );
    [run = ''] = runFolders(session.workspace);
    await showRuns(page);
    process.kill(runInfo(run).pid, 'SIGKILL');
    await until(
      'the tree says so',
      () => runRows(page),
      (shown) => shown.some((row) => /interrupted/.test(row)),
    );
    const frame = await curvesFrame(page);
    await until(
      'the curves say so',
      () => frame.locator('body').innerText(),
      (text) => /interrupted/i.test(text),
    );
    await session.screenshot('killed');
    await page.locator('.statusbar-item', { hasText: /^Training/ }).waitFor({ state: 'hidden' });
  });

  it('tells it once, with Resume', async () => {
    const toast = session.page.locator('.notification-toast', { hasText: 'was killed' });
    await toast.waitFor();
    assert.equal(await toast.count(), 1);
    await toast.getByText('Resume', { exact: true }).click();
  });

  it('goes on from the last checkpoint without a hole', async () => {
    const { page } = session;
    const before = trainingRows(run).length;
    await until(
      'resumed',
      () => runInfo(run).status,
      (status) => status === 'running',
    );
    await until(
      'beyond',
      () => trainingRows(run).at(-1)!.step,
      (step) => step > before + 10,
      60_000,
    );
    assert.ok(rows(run).some(({ event }) => event === 'resume'));
    const steps = trainingRows(run).map(({ step }) => step);
    assert.deepEqual(
      steps,
      steps.map((_, index) => index + 1),
    );
    await runCommand(page, 'SSM Studio: Stop');
    await until(
      'stopped',
      () => runInfo(run).status,
      (status) => status === 'stopped',
    );
  });

  it('has no error in the console', () => {
    assert.deepEqual(session.problems, []);
  });
});
