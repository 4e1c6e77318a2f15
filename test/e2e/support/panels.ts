/** @file What the panels show, read from their pages. */
import type { Frame, Page } from 'playwright-core';
import { runCommand } from './actions';
import { panelFrame } from './editor';

export const themes = ['Dark Modern', 'Light Modern', 'Dark High Contrast', 'Light High Contrast'] as const;

/** Chooses a colour theme as a user does. */
export async function setTheme(page: Page, theme: (typeof themes)[number]): Promise<void> {
  await runCommand(page, 'Preferences: Color Theme');
  const input = page.locator('.quick-input-widget input.input');
  await input.fill(theme);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: theme }).first().waitFor();
  await page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

export interface CurvesShown {
  /** Points drawn for the focused run. */
  readonly points: number;
  readonly lastStep: number;
  readonly lastLoss: number;
  /** x range that is shown, as the panel writes it. */
  readonly zoom: string;
  readonly selected: string;
  readonly status: string;
}

export const curvesFrame = (page: Page): Promise<Frame> => panelFrame(page, '[data-testid=curves]');
export const scanFrame = (page: Page): Promise<Frame> => panelFrame(page, '[data-testid=scan]');

export async function curvesShown(page: Page): Promise<CurvesShown> {
  const frame = await curvesFrame(page);
  const data = await frame.$eval('[data-testid=curves]', (element) => ({
    ...(element as HTMLElement).dataset,
  }));
  return {
    points: Number(data['points'] ?? 0),
    lastStep: Number(data['lastStep']),
    lastLoss: Number(data['lastLoss']),
    zoom: data['zoom'] ?? '',
    selected: data['selected'] ?? '',
    status: data['status'] ?? '',
  };
}

export interface ScanShown {
  readonly layer: number;
  readonly probe: string;
  readonly example: number;
  readonly busy: boolean;
}

export async function scanShown(page: Page): Promise<ScanShown> {
  const frame = await scanFrame(page);
  const data = await frame.$eval('[data-testid=scan]', (element) => ({
    ...(element as HTMLElement).dataset,
  }));
  return {
    layer: Number(data['layer']),
    probe: data['probe'] ?? '',
    example: Number(data['example']),
    busy: data['busy'] === 'true',
  };
}

/** Numbers of the scan panel's data table, row by row. */
export async function scanTable(page: Page): Promise<number[][]> {
  const frame = await scanFrame(page);
  const table = frame.locator('table[data-testid=data-table]');
  if (!(await table.isVisible())) await frame.locator('[data-testid=show-table]').click();
  await table.waitFor({ state: 'visible' });
  return table.evaluate((element) =>
    [...element.querySelectorAll('tr')]
      .map((row) =>
        [...row.querySelectorAll('td[data-value]')].map((cell) =>
          Number((cell as HTMLElement).dataset['value']),
        ),
      )
      .filter((row) => row.length > 0),
  );
}

/**
 * Drags over a part of the x range of the first plot, 0 … 1, or shows the whole again.
 * @param rows with Shift held, a part of the height of the canvas too
 */
export async function zoomTo(
  page: Page,
  from: number | 'whole',
  to = 1,
  rows?: readonly [number, number],
): Promise<void> {
  const frame = await curvesFrame(page);
  const plot = frame.locator('[data-testid=curves] canvas').first();
  if (from === 'whole') {
    await plot.dblclick();
    await frame.waitForFunction(
      () => document.querySelector<HTMLElement>('[data-testid=curves]')?.dataset['zoom'] === '',
    );
    return;
  }
  const box = await plot.boundingBox();
  if (box === null) throw new Error('The plot is not shown.');
  // The axis takes the left of the canvas.
  const left = box.x + 46;
  const width = box.x + box.width - 16 - left;
  const [top, bottom] = rows ?? [0.4, 0.4];
  if (rows !== undefined) await page.keyboard.down('Shift');
  await page.mouse.move(left + width * from, box.y + box.height * top);
  await page.mouse.down();
  await page.mouse.move(left + width * to, box.y + box.height * bottom, { steps: 6 });
  await page.mouse.up();
  if (rows !== undefined) await page.keyboard.up('Shift');
}

/** Share of the pixels of the panel's largest canvas that differ from its background, 0 … 1. */
export async function inkOf(frame: Frame): Promise<number> {
  return frame.evaluate(() => {
    const canvases = [...document.querySelectorAll('canvas')].filter(
      (canvas) => canvas.width * canvas.height > 0,
    );
    const canvas = canvases.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a));
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map<number, number>();
    for (let i = 0; i < data.length; i += 4) {
      const colour = data[i + 3] === 0 ? -1 : (data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!;
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    // The most frequent colour is the background.
    return 1 - Math.max(...counts.values()) / (data.length / 4);
  });
}
