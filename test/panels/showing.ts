/** @file Waiting for what a panel shows: what a key or a message changes is drawn some frames later. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

const PATIENCE = 5000;

/** Reads until it is as expected; fails with the last value. */
export async function showing<T>(read: () => Promise<T>, expected: T, what?: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const found = await read();
    if (found === expected) return;
    if (performance.now() > end) assert.equal(found, expected, what);
    await new Promise((resolved) => setTimeout(resolved, 20));
  }
}

/** When the page has worked off what it was told: it has drawn twice, and had a moment after that. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 60)));
      }),
  );
}
