/** @file What a user does, as functions: command palette, quick pick, typing, reading notifications. */
import type { Locator, Page } from 'playwright-core';

/** Runs a command of the palette by its full title. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const input = page.locator('.quick-input-widget input.input');
  const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  // A panel that takes the focus closes the palette: it is opened again.
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press('F1');
    try {
      const timeout = attempt < 4 ? 5000 : 20_000;
      await input.fill(`>${title}`, { timeout });
      await entry.click({ timeout });
      return;
    } catch (error) {
      if (attempt === 4) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/**
 * Runs a command that asks which, and picks rows by their text. As with the palette, a panel that takes the focus closes
 * the question: it is asked again.
 */
export async function runAndPick(page: Page, title: string, ...texts: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await runCommand(page, title);
    try {
      for (const text of texts) await pick(page, text, attempt < 4 ? 8000 : 30_000);
      return;
    } catch (error) {
      if (attempt === 4) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/** Picks a row of the open quick pick by its text. */
export async function pick(page: Page, text: string, timeout = 30_000): Promise<void> {
  const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  await entry.waitFor({ state: 'visible', timeout });
  await entry.click({ timeout });
}

/** Opens a file of the workspace's top folder from the Explorer. (Quick Open needs a search binary that the embedded
 * editor is installed without.) */
export async function openFile(page: Page, name: string): Promise<void> {
  const row = page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first();
  if (!(await row.isVisible())) await runCommand(page, 'View: Show Explorer');
  await row.dblclick();
  await page.locator('.tab.active', { hasText: name }).waitFor();
  await page.locator('.editor-instance .view-lines .view-line').first().click();
}

/** Labels of the suggestion list, asked for until `label` is among them. */
export async function suggestions(page: Page, label: string): Promise<string[]> {
  const rows = page.locator('.suggest-widget.visible .monaco-list-row .label-name');
  await askFor(page, rows.getByText(label, { exact: true }).first());
  return rows.allInnerTexts();
}

/** Asks for suggestions until the row is there: a question that comes before the server is ready has no answer. */
async function askFor(page: Page, row: Locator): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await row.isVisible())) {
    if (Date.now() > deadline) {
      const shown = await page
        .locator('.suggest-widget.visible .monaco-list-row .label-name')
        .allInnerTexts();
      throw new Error(`The suggestion does not come within 20 s; there are: ${shown.join(', ')}`);
    }
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Space');
    await row.waitFor({ state: 'visible', timeout: 2000 }).catch(() => undefined);
  }
}

/** Types a prefix, waits for the suggestion and accepts it. */
export async function complete(page: Page, prefix: string, label: string): Promise<void> {
  await page.keyboard.type(prefix, { delay: 20 });
  const row = page
    .locator('.suggest-widget.visible .monaco-list-row .label-name')
    .getByText(label, { exact: true })
    .first();
  await row.waitFor({ state: 'visible', timeout: 500 }).catch(() => undefined);
  await askFor(page, row);
  // The row that is asked for becomes the chosen one; a click could miss a list that is just being replaced.
  const chosen = page.locator('.suggest-widget.visible .monaco-list-row.focused');
  for (let n = 0; n < 20 && !(await isFor(chosen, label)); n++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(50);
}

const isFor = async (row: Locator, label: string): Promise<boolean> =>
  (await row
    .locator('.label-name')
    .first()
    .innerText({ timeout: 1000 })
    .catch(() => '')) === label;

/** Text of the notification that contains `text`, when it appears. */
export async function notification(page: Page, text: string | RegExp, timeout = 30_000): Promise<string> {
  const toast = page.locator('.notification-toast, .notification-list-item', { hasText: text }).first();
  await toast.waitFor({ state: 'visible', timeout });
  return toast.innerText();
}

export async function dismissNotifications(page: Page): Promise<void> {
  await runCommand(page, 'Notifications: Clear All Notifications');
}

/** Visible text of the active editor. */
export async function editorText(page: Page): Promise<string> {
  const lines = await page.locator('.editor-instance .view-lines .view-line').allInnerTexts();
  return lines.map((line) => line.replaceAll('\u00a0', ' ')).join('\n');
}

/** Chooses an entry of the menu that a right click on a row opens. */
export async function chooseFromMenu(row: Locator, entry: string): Promise<void> {
  await row.click({ button: 'right' });
  const page = row.page();
  const item = page.locator('.context-view .action-item', { hasText: entry }).first();
  await item.hover();
  await page.waitForTimeout(300); // a menu that has just opened ignores clicks
  await item.click();
}

/** Shows the Runs view. */
export async function showRuns(page: Page): Promise<void> {
  // A click on the icon of a view that is shown would hide it.
  const item = page.locator('.activitybar .action-item', {
    has: page.locator('a[aria-label^="SSM Studio"]'),
  });
  if (!(await item.evaluate((element) => element.classList.contains('checked')))) await item.click();
}

/** Rows of the view in the side bar, each as its visible text. */
export async function runRows(page: Page): Promise<string[]> {
  return page.locator('.part.sidebar .monaco-list-row').allInnerTexts();
}

/** Waits until `read` gives a value that `accept` takes. */
export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  accept: (value: T) => boolean,
  timeout = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeout;
  let last: T | undefined;
  let failure: unknown;
  while (Date.now() < deadline) {
    try {
      last = await read();
      failure = undefined;
      if (accept(last)) return last;
    } catch (error) {
      failure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `${what}: not within ${timeout / 1000} s; last seen ${failure instanceof Error ? failure.message : JSON.stringify(last)}`,
  );
}
