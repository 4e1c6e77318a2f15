/** @file Every panel in the states besides its usual one, for a screen reader and for somebody without a pointer. */
import assert from 'node:assert/strict';
import { nineRuns, rowsMessage, runsMessage, shape } from './curves-fixture';
import type { OpenPanel, PanelName } from './harness';
import { seriousViolations } from './looks';
import { facts } from './playground-fixture';
import { attentionLayer, inspection } from './scan-fixture';
import { settled, showing } from './showing';
import { describePanel } from './suite';
import { frames, survey } from './views-fixture';

/** What has the focus: its name, and whether that can be seen. */
interface Stop {
  readonly name: string;
  readonly role: string;
  readonly ring: boolean;
  readonly top: number;
}

/** Runs in the page. */
const focused = (): Stop | undefined => {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return undefined;
  const named = (id: string | null): string => (id && document.getElementById(id)?.textContent) || '';
  const label = element.closest('label');
  // Boxes and radios are drawn by what stands beside or around them.
  const shown = [element, label, label?.querySelector('.box')].filter((one) => one instanceof HTMLElement);
  return {
    name: (
      element.getAttribute('aria-label') ||
      named(element.getAttribute('aria-labelledby')) ||
      label?.textContent ||
      element.textContent ||
      element.title ||
      ''
    ).trim(),
    role: element.getAttribute('role') ?? element.tagName.toLowerCase(),
    ring: shown.some((one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
    }),
    top: element.getBoundingClientRect().top + window.scrollY,
  };
};

/** Tab stops of a page in their order. */
async function stops({ page }: OpenPanel): Promise<Stop[]> {
  const found: Stop[] = [];
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let k = 0; k < 80; k++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(focused);
    if (!stop) return found;
    const [first] = found;
    if (first && first.name === stop.name && first.role === stop.role && first.top === stop.top) return found;
    found.push(stop);
  }
  assert.fail(`The focus does not come round: ${found.map(({ name }) => name).join(', ')}`);
}

describePanel(
  'without a pointer and without eyes',
  (suite) => {
    const request = async (panel: OpenPanel, type: string): Promise<unknown> => {
      let found: { [key: string]: unknown } | undefined;
      await showing(async () => {
        found = (await panel.sent()).findLast((message) => message.type === type);
        return found !== undefined;
      }, true);
      return found!['request'];
    };
    const fair = async (panel: OpenPanel, state: string): Promise<void> => {
      for (const theme of ['light', 'hc-dark'] as const) {
        await panel.setTheme(theme);
        await settled(panel.page);
        assert.deepEqual(await seriousViolations(panel.page), [], `${state}, ${theme}`);
      }
    };
    const scan = async (view: string, layer: number | null = null): Promise<OpenPanel> => {
      const panel = await suite.open('scan', { state: { version: 1, target: 'test', view, layer } });
      await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
      return panel;
    };
    const note = (panel: OpenPanel, text: string): Promise<void> =>
      panel.page.locator('.note', { hasText: text }).waitFor();

    it('says what the Scan panel waits for, what failed and what a layer does not have', async () => {
      const panel = await scan('sequence', 2);
      await panel.page.getByTestId('skeleton').waitFor();
      await panel.page.getByRole('status').getByText('Opening the model and running layers.2').waitFor();
      await panel.page.getByRole('button', { name: 'Cancel' }).waitFor();
      await fair(panel, 'loading');
      await panel.post({ type: 'failed', request: await request(panel, 'inspect'), message: 'Damaged.' });
      await note(panel, 'This cannot be inspected');
      await fair(panel, 'failed');
      await panel.page.getByRole('button', { name: 'Try again' }).click();
      await panel.page.getByTestId('skeleton').waitFor();
      await panel.page.getByRole('status').getByText('Opening the model and running layers.2').waitFor();
      await panel.page.getByRole('button', { name: 'Cancel' }).waitFor();
      await panel.post({
        type: 'inspection',
        request: await request(panel, 'inspect'),
        inspection: attentionLayer(),
      });
      await note(panel, 'has no scan');
      await fair(panel, 'no scan');
      for (const [view, text] of [
        ['kernel', 'Kernel is not possible here'],
        ['training', 'Training is not possible here'],
      ] as const) {
        const other = await scan(view);
        await other.post({
          type: 'inspection',
          request: await request(other, 'inspect'),
          inspection: inspection(),
        });
        await note(other, text);
        await fair(other, text);
      }
    });

    it('says that Curves waits, has no runs, or that one has failed', async () => {
      const panel = await suite.open('curves');
      await fair(panel, 'loading');
      await panel.post(runsMessage([]));
      await panel.page.waitForTimeout(100);
      await fair(panel, 'empty');
      const failed = shape({
        name: 'lr-1',
        group: 'g7',
        palette: 7,
        fall: 700,
        floor: 1,
        at: 60,
        status: 'failed',
        error: 'The loss is not finite at step 60.',
      });
      await panel.post(runsMessage([nineRuns[0]!, failed]));
      await panel.post(rowsMessage([nineRuns[0]!, failed]));
      await showing(() => panel.page.getByTestId('curves').getAttribute('data-runs'), '2');
      await fair(panel, 'failed');
    });

    it('says that the playground opens, is empty, or that its model is not there', async () => {
      const panel = await suite.open('playground');
      await panel.post({ type: 'target', name: 'text · sea', run: true, request: null });
      await fair(panel, 'opening');
      await panel.post({ type: 'failed', request: null, message: 'There is no checkpoint yet.' });
      await panel.page.locator('.message.error').waitFor();
      await fair(panel, 'failed');
      await panel.post({ type: 'opened', facts });
      await panel.page.locator('.facts', { hasText: '251,952' }).waitFor();
      await fair(panel, 'empty');
    });

    const full: Readonly<Record<PanelName, () => Promise<OpenPanel>>> = {
      async scan() {
        const panel = await scan('attention');
        await panel.post({ type: 'replay', ...frames() });
        await panel.post({
          type: 'inspection',
          request: await request(panel, 'inspect'),
          inspection: inspection(),
        });
        await panel.post({ type: 'survey', request: await request(panel, 'survey'), survey: survey() });
        await panel.page.getByTestId('figure').waitFor();
        return panel;
      },
      async curves() {
        const panel = await suite.open('curves');
        await panel.post(runsMessage(nineRuns));
        await panel.post(rowsMessage(nineRuns));
        await showing(() => panel.page.getByTestId('curves').getAttribute('data-runs'), '9');
        return panel;
      },
      async playground() {
        const panel = await suite.open('playground');
        await panel.post({ type: 'target', name: 'text · sea', run: true, request: null });
        await panel.post({ type: 'opened', facts });
        return panel;
      },
    };
    for (const [name, open] of Object.entries(full))
      it(`goes through ${name} by Tab: each stop has a name and a ring, the toolbar comes first`, async () => {
        const panel = await open();
        const found = await stops(panel);
        assert.ok(found.length >= 8, `${found.length} stops`);
        for (const stop of found)
          assert.ok(stop.name !== '' && stop.ring, `${JSON.stringify(stop)} of ${found.length}`);
        assert.ok(found[0]!.top < 40);
      });

    it('keeps the keys of the views when a switch of the header has the focus, and Escape leads back', async () => {
      const panel = await full.scan();
      const view = (): Promise<string | null> => panel.page.getByTestId('scan').getAttribute('data-view');
      await panel.page.locator('input[name=view][value=memory]').check({ force: true });
      await showing(view, 'memory');
      await panel.page.keyboard.press('3');
      await showing(view, 'attention');
      await panel.page.getByTestId('figure').focus();
      await panel.page.keyboard.press('Escape');
      assert.ok(await panel.page.evaluate(() => document.activeElement!.closest('.bar') !== null));
      // A menu goes round, and from end to end.
      await panel.page.getByRole('button', { name: 'Export' }).press('Enter');
      const item = (): Promise<string> => panel.page.evaluate(() => document.activeElement!.textContent!);
      await showing(item, 'Save picture as PNG…');
      await panel.page.keyboard.press('End');
      assert.equal(await item(), 'Copy numbers as CSV');
      await panel.page.keyboard.press('Home');
      assert.equal(await item(), 'Save picture as PNG…');
      await panel.page.keyboard.press('Escape');
      assert.equal(
        await panel.page.evaluate(() => document.activeElement!.getAttribute('aria-label')),
        'Export',
      );
    });
  },
  { timeout: 120_000 },
);
