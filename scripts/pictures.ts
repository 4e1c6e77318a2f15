/**
 * @file `npm run pictures`: the pictures of the README, from the real product. Trains the induction-heads example in a
 * few variants, opens them in a real editor and photographs the window, the curves and the scan.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dismissNotifications, openFile, runCommand, showRuns } from '../test/e2e/support/actions';
import { closeBrowser, openEditor, panelFrame } from '../test/e2e/support/editor';

const ROOT = join(__dirname, '..');
const PICTURES = join(ROOT, 'media', 'pictures');
const CONFIG = 'induction-heads.ssm.yaml';

/**
 * Name of the run folder and what differs from the example, in the order of training. The group of the first run is what
 * the others are compared with; the last run is the newest, which *Inspect Scan* takes: one that has learned its task.
 */
const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ['mamba-seed-2', ['seed=2']],
  ['d_state-4', ['model.layers.0.d_state=4']],
  ['lr-1e-3', ['train.optimizer.lr=1e-3']],
  ['mamba', []],
];

async function main(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const session = await openEditor({
    files: { [CONFIG]: readFileSync(join(ROOT, 'examples', CONFIG), 'utf8') },
    settings: { 'editor.minimap.enabled': false },
  });
  try {
    for (const [name, settings] of VARIANTS) {
      const folder = join(session.workspace, 'runs', 'induction-heads', name);
      const overrides = ['train.steps=700', ...settings].flatMap((setting) => ['--set', setting]);
      const args = ['train', join(session.workspace, CONFIG), '--run-dir', folder, '--quiet', ...overrides];
      execFileSync(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { stdio: 'inherit' });
    }
    const { page } = session;
    await page.setViewportSize({ width: 1600, height: 920 });
    await session.open();
    await openFile(page, CONFIG);
    await showRuns(page);
    await runCommand(page, 'SSM Studio: Open Curves');
    await panelFrame(page, '[data-testid=curves]');
    await page.waitForTimeout(4000);
    await dismissNotifications(page);
    copyFileSync(await session.screenshot('picture-window'), join(PICTURES, 'window.png'));
    await runCommand(page, 'View: Close Primary Side Bar');
    await page.keyboard.press('Control+2');
    await runCommand(page, 'View: Toggle Maximize Editor Group');
    await page.waitForTimeout(2000);
    const curves = await (await panelFrame(page, '[data-testid=curves]')).frameElement();
    await curves.screenshot({ path: join(PICTURES, 'curves.png') });
    await runCommand(page, 'View: Toggle Maximize Editor Group');
    await page.keyboard.press('Control+1');
    await runCommand(page, 'SSM Studio: Inspect Scan');
    await page.waitForTimeout(1500);
    await page.keyboard.press('Enter');
    const scan = await panelFrame(page, '[data-testid=scan]:not([data-busy=true])', 60_000);
    await page.keyboard.press('Control+2');
    await runCommand(page, 'View: Toggle Maximize Editor Group');
    await page.waitForTimeout(4000);
    await (await scan.frameElement()).screenshot({ path: join(PICTURES, 'scan.png') });
  } finally {
    await session.close();
    await closeBrowser();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
