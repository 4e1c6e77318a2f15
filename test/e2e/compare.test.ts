/** @file Two runs compared in the Scan panel: both views side by side under one cursor. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { runAndPick, showRuns } from './support/actions';
import { closeBrowser, panelFrame, type EditorSession } from './support/editor';
import { keepFailures } from './support/failures';
import { openTwoRuns, scanFrame, summaryOf } from './support/two-runs';

describe('two runs side by side', () => {
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
  const pinned = `[data-view=attention][data-pinned$="run-other"], [data-view=attention][data-pinned$="run-small"]`;

  it('shows the matrices of both, and one cursor in both', async () => {
    const { page } = session;
    await showRuns(page);
    for (const name of ['run-small', 'run-other'])
      await page.locator('.part.sidebar .monaco-list-row', { hasText: name }).waitFor();
    await runAndPick(page, 'SSM Studio: Compare Runs', 'run-small', 'run-other');
    await page.locator('.quick-input-widget .monaco-button', { hasText: 'OK' }).click();
    await page
      .locator('.notifications-toasts .monaco-button', { hasText: 'Compare Scans' })
      .click({ timeout: 60_000 });
    const frame = await panelFrame(page, `[data-testid=scan]:is(${pinned})[data-busy=false]`, 60_000);
    await frame.locator('[data-testid=figure]').waitFor();
    assert.match(await summaryOf(frame), /Pinned: .*run-(small|other)/);
    await frame.locator('[data-testid=figure]').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await scan('[data-position="2"]');
    assert.match(await summaryOf(frame), /Position 2, .* Pinned: /);
    await session.screenshot('compare-scans');
  });
});
