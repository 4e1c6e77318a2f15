/** @file Two runs compared in the Scan panel: both views side by side under one cursor. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { root } from '../../scripts/steps.mjs';
import { pick, runCommand, showRuns } from './support/actions';
import { closeBrowser, openEditor, panelFrame, type EditorSession } from './support/editor';
import { keepFailures } from './support/failures';
import { extensionUnderTest } from './support/vsix';

const config = (seed: number): string => `data: {type: induction-heads, length: 16}
model: {d_model: 16, layers: [{mixer: mamba, d_state: 4, repeat: 2}]}
train: {steps: 10, batch_size: 2, probe_every: 2}
eval: {every: 10, examples: 4}
seed: ${seed}
device: cpu
`;

describe('two runs side by side', () => {
  let session: EditorSession;
  const cli = (...args: string[]): string =>
    execFileSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args], { encoding: 'utf8' });
  before(async () => {
    session = await openEditor({
      ...extensionUnderTest(),
      files: { 'small.ssm.yaml': config(1), 'other.ssm.yaml': config(2) },
    });
    for (const name of ['small', 'other']) {
      const run = path.join(session.workspace, 'runs', name, `run-${name}`);
      cli('train', path.join(session.workspace, `${name}.ssm.yaml`), '--run-dir', run, '--quiet');
    }
  });
  after(async () => {
    await session?.close();
    await closeBrowser();
  });
  keepFailures(() => session);

  const scan = (more: string): Promise<Frame> =>
    panelFrame(session.page, `[data-testid=scan][data-busy=false]${more}`, 60_000);
  const pinned = `[data-view=attention][data-pinned$="run-other"], [data-view=attention][data-pinned$="run-small"]`;
  const summary = (frame: Frame): Promise<string> => frame.locator('#figure-summary').innerText();

  it('shows the matrices of both, and one cursor in both', async () => {
    const { page } = session;
    await showRuns(page);
    for (const name of ['run-small', 'run-other'])
      await page.locator('.part.sidebar .monaco-list-row', { hasText: name }).waitFor();
    await runCommand(page, 'SSM Studio: Compare Runs');
    for (const name of ['run-small', 'run-other']) await pick(page, name);
    await page.locator('.quick-input-widget .monaco-button', { hasText: 'OK' }).click();
    await page
      .locator('.notifications-toasts .monaco-button', { hasText: 'Compare Scans' })
      .click({ timeout: 60_000 });
    const frame = await panelFrame(page, `[data-testid=scan]:is(${pinned})[data-busy=false]`, 60_000);
    await frame.locator('[data-testid=figure]').waitFor();
    assert.match(await summary(frame), /Pinned: .*run-(small|other)/);
    await frame.locator('[data-testid=figure]').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await scan('[data-position="2"]');
    assert.match(await summary(frame), /Position 2, .* Pinned: /);
    await session.screenshot('compare-scans');
  });
});
