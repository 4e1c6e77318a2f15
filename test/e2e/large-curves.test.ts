/** @file Runs of many steps in the Curves panel of a real editor: its worker starts under the editor's policy, draws and follows. */
import assert from 'node:assert/strict';
import { inked, rgb } from '../panels/looks';
import { openFile, runCommand, until } from './support/actions';
import { smallConfig } from './support/config';
import { closeBrowser, openEditor, type EditorSession } from './support/editor';
import { keepFailures } from './support/failures';
import { largeRuns, peak } from './support/large-runs';
import { curvesFrame, curvesShown, zoomTo } from './support/panels';
import { extensionUnderTest } from './support/vsix';

const rows = 40_000;

describe('runs of many steps', () => {
  let session: EditorSession;
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      files: { 'large.ssm.yaml': smallConfig(rows), ...largeRuns(2, rows) },
    });
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  const plot = async () => (await curvesFrame(session.page)).locator('.chart .plot').first();
  const fact = async (name: string) => (await plot()).getAttribute(name);

  it('are drawn by the worker, each to its end', async () => {
    const { page } = session;
    await openFile(page, 'large.ssm.yaml');
    await runCommand(page, 'SSM Studio: Open Curves');
    await until(
      'a picture of the worker with both lines',
      async () => [await fact('data-lines'), await fact('data-ends')].join(),
      (shown) => shown === 'worker,2',
      60_000,
    );
    await session.screenshot('large-curves');
    assert.equal((await curvesShown(page)).lastStep, rows);
    // The axis reaches the one row that stands out.
    assert.ok(Number((await fact('data-y-domain'))!.split(',')[1]) >= peak.loss);
    const lines = (await curvesFrame(page)).locator('.lines canvas').first();
    assert.ok((await inked(lines, rgb('#1f1f1f'))) > 0.02);
  });

  it('are drawn anew for the range that is zoomed to', async () => {
    const { page } = session;
    await zoomTo(page, 0.2, 0.35);
    await until(
      'an axis without the peak, which is not in sight',
      async () => Number((await fact('data-y-domain'))!.split(',')[1]),
      (top) => top < peak.loss,
    );
    const [low = 0, high = 0] = (await fact('data-x-domain'))!.split(',').map(Number);
    assert.ok(low > 0.1 * rows && high < peak.step, `${low} … ${high}`);
    await session.screenshot('large-curves-zoomed');
    assert.deepEqual(session.problems, []);
  });
});
