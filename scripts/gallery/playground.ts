/** @file The pictures of the Playground panel for `npm run gallery`. */
import type { Harness, OpenPanel } from '../../test/panels/harness';
import { facts } from '../../test/panels/playground-fixture';
import { answerNext } from '../../test/panels/playground-host';
import type { ThemeName } from '../../test/panels/themes';
import { photograph, themeNames, type Size } from './photograph';

interface Shot extends Size {
  readonly name: string;
  readonly theme?: ThemeName;
  readonly kind?: 'text' | 'weights' | 'empty' | 'opening' | 'failed' | 'table' | 'constraint';
}

export const playgroundShots: readonly Shot[] = [
  ...themeNames.flatMap((theme): Shot[] => [
    { name: `playground-${theme}`, theme },
    { name: `playground-empty-${theme}`, theme, kind: 'empty' },
    { name: `playground-opening-${theme}`, theme, kind: 'opening' },
    { name: `playground-failed-${theme}`, theme, kind: 'failed' },
  ]),
  { name: 'playground-weights', kind: 'weights' },
  { name: 'playground-narrow', width: 420 },
  { name: 'playground-table', kind: 'table', theme: 'light' },
  { name: 'playground-constraint', kind: 'constraint' },
];

/** What the process tells of a model that is kept in 8 bits. */
const eightBits = { bits: 8, memory: 64_000_000 } as const;

/** A text of which two others branch off, one by the user's choice. */
async function write(panel: OpenPanel): Promise<void> {
  const { page } = panel;
  await page.getByTestId('prompt').fill('Call me Ishmael. Some years ago, never mind how long');
  await page.getByTestId('control-maxTokens').fill('360');
  await page.getByTestId('generate').click();
  await answerNext(panel);
  await page.locator('.token[data-index="41"]').click();
  // The list of another token may still stand there.
  await page.locator('.token-panel h2', { hasText: 'Token 42 of' }).waitFor();
  await page.locator('.alternative:not(.drawn)').nth(1).click();
  await answerNext(panel);
  await page.locator('.token[data-index="120"]').click();
  await page.locator('.token-panel h2', { hasText: 'Token 121 of' }).waitFor();
  await page.getByTestId('again').click();
  await answerNext(panel);
  await page.locator('.branches li').nth(1).click();
}

export async function shootPlayground(harness: Harness, shot: Shot, out: string): Promise<void> {
  const { kind = 'text' } = shot;
  await photograph(harness, 'playground', shot, out, {}, async (panel) => {
    const { page } = panel;
    await panel.post({ type: 'target', name: 'text · sea', run: true, request: null });
    if (kind === 'failed') {
      await panel.post({
        type: 'failed',
        request: null,
        message:
          'The run in runs/text/sea has no checkpoint yet; the first comes after 500 steps or 60 s, or when it stops.',
      });
      return;
    }
    if (kind === 'opening') return;
    await panel.post({ type: 'opened', facts: { ...facts, ...(kind === 'weights' ? eightBits : {}) } });
    if (kind === 'empty') return;
    await write(panel);
    if (kind === 'table') await page.getByTestId('show-table').click();
    if (kind === 'weights') await page.getByRole('button', { name: 'More' }).click();
    if (kind === 'constraint') {
      await page.locator('.more-link').click();
      await page.getByLabel('Constraint').selectOption('schema');
      await page.getByTestId('control-topP').fill('1.5');
      await page.getByTestId('generate').click();
    }
  });
}
