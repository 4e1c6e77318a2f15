/** @file What tests of pictures share: pixels of a part of the page, accessibility of the whole. */
import fs from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import type { Locator, Page } from 'playwright-core';

const axePath = require.resolve('axe-core/axe.min.js');
const artifacts = path.resolve(__dirname, '../../test-artifacts/panels');

/** Share of the pixels of an element that differ from `background` (r, g, b). */
export async function inked(
  element: Locator,
  background: readonly [number, number, number],
): Promise<number> {
  const png = PNG.sync.read(await element.screenshot());
  let different = 0;
  for (let i = 0; i < png.data.length; i += 4) {
    if (background.some((value, k) => Math.abs(png.data[i + k]! - value) > 6)) different++;
  }
  return different / (png.width * png.height);
}

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  fs.mkdirSync(artifacts, { recursive: true });
  await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
}

/** Accessibility violations that are serious or critical. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Evaluated through the driver: the page's own policy would refuse a script element.
  await page.evaluate(fs.readFileSync(axePath, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`,
      );
  });
}

export function rgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
