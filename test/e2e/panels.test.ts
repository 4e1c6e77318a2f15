/** @file The panels across a reload and a new start of the editor, over a run that is deleted, and without their process. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { Frame } from 'playwright-core';
import {
  dismissNotifications,
  pick,
  runAndPick,
  runCommand,
  runRows,
  showRuns,
  until,
} from './support/actions';
import { closeBrowser, panelFrame, type EditorSession } from './support/editor';
import { keepFailures } from './support/failures';
import { curvesFrame, curvesShown, zoomTo } from './support/panels';
import { openTwoRuns, runFolder, scanFrame, STEPS, summaryOf } from './support/two-runs';

describe('the panels, kept', () => {
  let session: EditorSession;
  before(async () => {
    session = await openTwoRuns();
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  const scan = (more: string): Promise<Frame> => scanFrame(session, more);
  const inspectRun = async (name: string): Promise<void> => {
    const { page } = session;
    await runAndPick(page, 'SSM Studio: Inspect Scan', name);
    await page.locator('.tab.active', { hasText: `Scan: ${name}` }).waitFor();
  };
  const remove = async (name: string): Promise<void> => {
    await runAndPick(session.page, 'SSM Studio: Delete Run', name);
    await session.page.locator('.notification-toast', { hasText: 'Deleted' }).waitFor();
  };
  const undo = (): Promise<void> =>
    session.page
      .locator('.notification-toast', { hasText: 'Deleted' })
      .getByText('Undo', { exact: true })
      .click();

  /** What is chosen in the Scan panel, and what Curves is set to, by whoever reads the pages. */
  const state = async (): Promise<Record<string, unknown>> => {
    const { page } = session;
    await page.locator('.tab', { hasText: 'Scan: small' }).click();
    const frame = await scan('[data-view=memory][data-layer="1"]');
    const { layer, channel, example, position, view } = await frame.$eval(
      '[data-testid=scan]',
      (element) => ({ ...(element as HTMLElement).dataset }),
    );
    const words = await summaryOf(frame);
    const overlay = await frame.getByLabel('Overlay', { exact: true }).inputValue();
    await page.locator('.tab', { hasText: 'Curves' }).click();
    await until(
      'all rows',
      () => curvesShown(page),
      ({ lastStep }) => lastStep === STEPS,
      60_000,
    );
    const curves = await curvesFrame(page);
    const { zoom, selected } = await curvesShown(page);
    const filter = await curves.getByLabel('Filter runs').inputValue();
    return { layer, channel, example, position, view, words, overlay, zoom, selected, filter };
  };
  let chosen: Record<string, unknown>;
  /** In a browser the editor saves its state every five seconds; a window that is closed sooner loses the last change. */
  const kept = (): Promise<void> => session.page.waitForTimeout(7000);
  const reload = async (): Promise<void> => {
    const { page } = session;
    const reloaded = page.waitForEvent('domcontentloaded');
    await runCommand(page, 'Developer: Reload Window');
    await reloaded;
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
  };

  it('restores view, layer, channel, example, playhead and filter when the window is reloaded', async () => {
    const { page } = session;
    await showRuns(page);
    for (const name of ['run-small', 'run-other'])
      await page.locator('.part.sidebar .monaco-list-row', { hasText: name }).waitFor();
    // A click that meets the tree while it is drawn anew is lost.
    await until(
      'its curves',
      async () => {
        await page.locator('.part.sidebar .monaco-list-row', { hasText: 'run-small' }).click();
        return panelFrame(page, '[data-testid=curves]', 3000);
      },
      () => true,
    );
    const curves = await curvesFrame(page);
    await curves.getByLabel('Filter runs').fill('mixer:mamba');
    await until(
      'rows',
      () => curvesShown(page),
      ({ lastStep }) => lastStep === STEPS,
    );
    await zoomTo(page, 0.2, 0.7);
    await inspectRun('small');
    const frame = await scan('');
    await frame.locator('input[name=layer][value="1"]').check({ force: true });
    await scan('[data-layer="1"]');
    await frame.getByLabel('Example', { exact: true }).fill('3');
    await frame.getByLabel('Example', { exact: true }).press('Enter');
    await scan('[data-layer="1"][data-example="3"]');
    await frame.getByLabel('Channel', { exact: true }).selectOption('5');
    await frame.locator('.sequence .plot').focus();
    await page.keyboard.press('Home');
    for (let k = 0; k < 9; k++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('2');
    await scan('[data-view=memory][data-position="9"]');
    await frame.getByLabel('Overlay', { exact: true }).selectOption('write');
    chosen = await state();
    assert.equal(chosen['channel'], '5');
    assert.equal(chosen['filter'], 'mixer:mamba');
    await kept();
    await reload();
    assert.deepEqual(await state(), chosen);
    await session.screenshot('panels-reloaded');
  });

  it('restores them with a new start of the editor', async () => {
    // Of a panel that has just replaced one whose page did not come, too.
    await kept();
    await session.restart();
    assert.deepEqual(await state(), chosen);
    await session.screenshot('panels-restarted');
  });

  it('replaces restored panels whose pages do not come, with all that was chosen', async () => {
    const { page } = session;
    let refused = 0;
    await page.route('**/pre/index.html?*', (route) => {
      refused++;
      return refused <= 2 ? route.abort('aborted') : route.continue();
    });
    await reload();
    assert.deepEqual(await state(), chosen);
    await page.unroute('**/pre/index.html?*');
    assert.ok(refused >= 4, `${refused} pages were asked for`);
    assert.equal(await page.locator('.tab', { hasText: /Curves|Scan/ }).count(), 2);
    await session.screenshot('panels-replaced');
  });

  it('takes a deleted run from Curves, and the others stay', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await page.locator('.tab', { hasText: 'Curves' }).click();
    // All runs, whatever their config.
    await runAndPick(page, 'SSM Studio: Compare Runs', 'run-small', 'run-other');
    await page.locator('.quick-input-widget .monaco-button', { hasText: 'OK' }).click();
    await panelFrame(page, '[data-testid=curves][data-runs="2"]');
    await dismissNotifications(page);
    await remove('run-other');
    const frame = await panelFrame(page, '[data-testid=curves][data-runs="1"]');
    await until(
      'the other run',
      () => curvesShown(page),
      ({ lastStep }) => lastStep === STEPS,
    );
    assert.doesNotMatch(await frame.locator('body').innerText(), /other/);
    await session.screenshot('curves-deleted');
    await undo();
    await panelFrame(page, '[data-testid=curves][data-runs="2"]');
  });

  it('keeps what the Scan panel shows of a deleted run, says so, and offers another', async () => {
    const { page } = session;
    await dismissNotifications(page);
    await page.locator('.tab', { hasText: 'Scan: small' }).click();
    const frame = await scan('[data-view=memory]');
    const before = await summaryOf(frame);
    await remove('run-small');
    await scan('[data-present=false]');
    assert.match(
      await frame.locator('.message').innerText(),
      /small.* was deleted\. What was read of it stays/,
    );
    assert.equal(await summaryOf(frame), before);
    // The playhead moves on what is there; what is not there is asked for in vain.
    await frame.locator('[data-testid=figure]').focus();
    await page.keyboard.press('ArrowRight');
    await scan('[data-position="10"]');
    await frame.getByLabel('Example', { exact: true }).fill('5');
    await frame.getByLabel('Example', { exact: true }).press('Enter');
    await frame.locator('.message', { hasText: 'layers.1 on example 5 was not' }).waitFor();
    await scan('[data-example="3"][data-position="10"]');
    await session.screenshot('scan-deleted');
    await frame.locator('.message').getByText('Show another run…').click();
    await pick(page, 'run-other');
    await page.locator('.tab', { hasText: 'Scan: other' }).waitFor();
    await scan('[data-present=true][data-view=sequence]');
    await page.locator('.tab', { hasText: 'Scan: other' }).click();
    await runCommand(page, 'View: Close Editor');
    // Brought back: the line goes, and the example that was asked for comes.
    await page.locator('.tab', { hasText: 'Scan: small' }).click();
    await scan('[data-present=false]');
    await undo();
    await scan('[data-present=true][data-example="5"]');
    assert.equal(await (await scan('')).locator('.message').count(), 0);
    await showRuns(page);
    await until(
      'its row',
      () => runRows(page),
      (rows) => rows.some((row) => row.includes('run-small')),
    );
  });

  it('says that the process behind the Scan panel was killed, and tries again', async () => {
    const frame = await scan('[data-example="5"]');
    const before = await summaryOf(frame);
    await frame.getByLabel('Example', { exact: true }).fill('6');
    await frame.getByLabel('Example', { exact: true }).press('Enter');
    const pid = await until(
      'the process',
      () => inspecting(runFolder(session, 'small'))[0],
      (found) => found !== undefined,
    );
    process.kill(pid!, 'SIGKILL');
    await frame.locator('.message.error', { hasText: 'ended by SIGKILL' }).waitFor();
    await scan('[data-example="5"]');
    assert.equal(await summaryOf(frame), before);
    await session.screenshot('scan-killed');
    await frame.locator('.message .link', { hasText: 'Try again' }).click();
    await scan('[data-example="6"]');
    assert.equal(await frame.locator('.message').count(), 0);
    assert.notEqual(await summaryOf(frame), before);
  });

  it('ends the process behind the Scan panel with Cancel, and keeps the picture', async () => {
    const frame = await scan('[data-example="6"]');
    const before = await summaryOf(frame);
    await frame.getByLabel('Example', { exact: true }).fill('7');
    await frame.getByLabel('Example', { exact: true }).press('Enter');
    const pid = await until(
      'the process',
      () => inspecting(runFolder(session, 'small'))[0],
      (found) => found !== undefined,
    );
    // However fast the machine is: it takes longer than one waits.
    process.kill(pid!, 'SIGSTOP');
    await frame.getByRole('button', { name: 'Cancel' }).click();
    process.kill(pid!, 'SIGCONT');
    await frame.locator('.message', { hasText: 'layers.1 on example 7 was cancelled.' }).waitFor();
    await until(
      'the end of the process',
      () => inspecting(runFolder(session, 'small')),
      (found) => found.length === 0,
    );
    await scan('[data-example="6"]');
    assert.equal(await summaryOf(frame), before);
    await session.screenshot('scan-cancelled');
    await frame.locator('.message .link', { hasText: 'Try again' }).click();
    await scan('[data-example="7"]');
    assert.deepEqual(session.problems, []);
  });
});

/** Processes that inspect this target. */
function inspecting(target: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return line.includes('inspect') && line.includes(target);
      } catch {
        return false;
      }
    })
    .map(Number);
}
