/** @file One picture: a page that is filled, made as high as its content, and photographed. */
import { join } from 'node:path';
import type { Harness, OpenOptions, OpenPanel, PanelName } from '../../test/panels/harness';
import type { ThemeName } from '../../test/panels/themes';

export const themeNames: readonly ThemeName[] = ['dark', 'light', 'hc-dark', 'hc-light'];

export interface Size {
  readonly width?: number;
  readonly height?: number;
}

/** px of the highest picture. */
const HIGHEST = 2400;

export async function photograph(
  harness: Harness,
  panelName: PanelName,
  shot: Size & { readonly name: string; readonly theme?: ThemeName },
  out: string,
  options: OpenOptions,
  fill: (panel: OpenPanel) => Promise<void>,
): Promise<void> {
  const { name, theme = 'dark', width = 1360, height = 720 } = shot;
  const panel = await harness.open(panelName, { ...options, theme, width, height });
  const { page } = panel;
  try {
    await fill(panel);
    await page.waitForTimeout(150);
    const needed = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.min(HIGHEST, Math.max(320, needed)) });
    await page.waitForTimeout(100);
    await page.screenshot({ path: join(out, `${name}.png`), animations: 'disabled' });
    if (panel.errors.length > 0) throw new Error(`${name}: ${panel.errors.join('; ')}`);
  } finally {
    await panel.close();
  }
}
