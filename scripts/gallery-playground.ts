/** @file The pictures of the Playground panel for `npm run gallery`. */
import { join } from 'node:path';
import type { Harness, OpenPanel } from '../test/panels/harness';
import { facts } from '../test/panels/playground-fixture';
import { answerNext } from '../test/panels/playground-host';
import type { ThemeName } from '../test/panels/themes';

interface Shot {
  readonly name: string;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly kind?: 'text' | 'empty' | 'opening' | 'failed' | 'table' | 'constraint';
}

const looks: readonly ThemeName[] = ['dark', 'light', 'hc-dark', 'hc-light'];

export const playgroundShots: readonly Shot[] = [
  ...looks.map((theme) => ({ name: `playground-${theme}`, theme })),
  { name: 'playground-narrow', width: 420 },
  { name: 'playground-empty', kind: 'empty' },
  { name: 'playground-opening', kind: 'opening' },
  { name: 'playground-failed', kind: 'failed' },
  { name: 'playground-table', kind: 'table', theme: 'light' },
  { name: 'playground-constraint', kind: 'constraint' },
];

/** A text of which two others branch off, one by the user's choice. */
async function write(panel: OpenPanel): Promise<void> {
  const { page } = panel;
  await page.getByTestId('prompt').fill('Call me Ishmael. Some years ago, never mind how long');
  await page.getByTestId('control-maxTokens').fill('360');
  await page.getByTestId('generate').click();
  await answerNext(panel);
  await page.locator('.token[data-index="41"]').click();
  await page.locator('.alternative:not(.drawn)').nth(1).click();
  await answerNext(panel);
  await page.locator('.token[data-index="120"]').click();
  await page.getByTestId('again').click();
  await answerNext(panel);
  await page.locator('.branches li').nth(1).click();
}

export async function shootPlayground(harness: Harness, shot: Shot, out: string): Promise<void> {
  const { kind = 'text', theme = 'dark', width = 1360 } = shot;
  const panel = await harness.open('playground', { theme, width, height: 860 });
  const { page } = panel;
  try {
    await panel.post({ type: 'target', name: 'text · sea', run: true, request: null });
    if (kind === 'failed') {
      await panel.post({
        type: 'failed',
        request: null,
        message:
          'The run in runs/text/sea has no checkpoint yet; the first comes after 500 steps or 60 s, or when it stops.',
      });
    } else if (kind !== 'opening') await panel.post({ type: 'opened', facts });
    if (kind === 'text' || kind === 'table' || kind === 'constraint') await write(panel);
    if (kind === 'table') await page.getByTestId('show-table').click();
    if (kind === 'constraint') {
      await page.locator('.more-link').click();
      await page.getByLabel('Constraint').selectOption('schema');
      await page.getByTestId('control-topP').fill('1.5');
      await page.getByTestId('generate').click();
    }
    await page.waitForTimeout(150);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(1600, Math.max(320, height)) });
    await page.waitForTimeout(100);
    await page.screenshot({ path: join(out, `${shot.name}.png`), animations: 'disabled' });
    if (panel.errors.length > 0) throw new Error(`${shot.name}: ${panel.errors.join('; ')}`);
  } finally {
    await panel.close();
  }
}
