import assert from 'node:assert/strict';
import type { ScanState, ViewName } from '../../src/protocol/view-scan';
import { matricesOf } from '../../src/figures/scan/attention/data';
import { hiddenAttention } from '../../src/analysis/hidden-attention';
import { number3 } from '../../src/figures/core/format';
import { contributions, scanOf } from '../../src/figures/scan/memory/reach';
import { Recurrence } from '../../src/figures/scan/recurrence';
import type { OpenOptions, OpenPanel } from './harness';
import { inked, keep, rgb, seriousViolations } from './looks';
import { inspection } from './scan-fixture';
import { settled, showing } from './showing';
import { describePanel } from './suite';
import { themes, type ThemeName } from './themes';
import { filterLayer, filters, frames, matrixProbe, survey } from './views-fixture';

const start = (patch: Partial<ScanState>): unknown => ({ version: 1, target: 'test', ...patch });

describePanel(
  'views of the Scan panel',
  (suite) => {
    /** Answers everything that the panel has asked so far, once. */
    const serve = async (
      panel: OpenPanel,
      kind: 'scan' | 'filter' = 'scan',
      seen = new Set<string>(),
    ): Promise<Set<string>> => {
      for (let round = 0; round < 4; round++) {
        await settled(panel.page);
        for (const message of await panel.sent()) {
          const key = JSON.stringify(message);
          if (seen.has(key)) continue;
          seen.add(key);
          const { request } = message;
          const layer = Number(message['layer'] ?? 0);
          if (message.type === 'inspect')
            await panel.post({
              type: 'inspection',
              request,
              inspection: kind === 'filter' ? filterLayer() : inspection({ layer }),
            });
          else if (message.type === 'survey')
            await panel.post({
              type: 'survey',
              request,
              survey: survey(message['target'] ? { example: 3 } : {}),
            });
          else if (message.type === 'analyse' && typeof message['channel'] === 'number')
            await panel.post({
              type: 'analysis',
              request,
              name: 'hidden_attention',
              layer,
              arrays: {
                hidden_attention: matrixProbe(
                  inspection({ layer, ...(message['target'] ? { example: 3 } : {}) }),
                  message['channel'],
                ),
              },
            });
          else if (message.type === 'analyse')
            await panel.post({ type: 'analysis', request, name: 'lti_kernel', layer: 0, arrays: filters() });
          else if (message.type === 'replay') await panel.post({ type: 'replay', ...frames() });
        }
      }
      await panel.page.waitForTimeout(120);
      return seen;
    };
    const open = async (
      view: ViewName,
      options: OpenOptions = {},
      state: Partial<ScanState> = {},
      kind: 'scan' | 'filter' = 'scan',
    ) => {
      const panel = await suite.open('scan', {
        height: 1000,
        state: start({ view, ...state }),
        ...options,
      });
      await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
      const seen = await serve(panel, kind);
      return { panel, seen };
    };
    const attribute = (panel: OpenPanel, name: string): Promise<string | null> =>
      panel.page.getByTestId('scan').getAttribute(name);
    const plot = (panel: OpenPanel) => panel.page.getByTestId('figure');
    const summary = (panel: OpenPanel): Promise<string> => panel.page.locator('#figure-summary').innerText();

    it('links what is chosen: a cell of a matrix is the playhead and the other token in every view', async () => {
      const { panel } = await open('attention', {}, { source: null, position: 31 });
      const [first] = matricesOf(survey());
      const box = (await plot(panel).boundingBox())!;
      // The first small matrix begins 24 px below its title, inside the figure's margin.
      const side = 144;
      const cell = side / 32;
      await panel.page.mouse.click(box.x + 8 + 12.5 * cell, box.y + 8 + 24 + 20.5 * cell);
      await panel.page.waitForTimeout(100);
      assert.deepEqual(
        [await attribute(panel, 'data-position'), await attribute(panel, 'data-source')],
        ['20', '12'],
      );
      assert.match(
        await summary(panel),
        new RegExp(`^Layer ${first!.layer}, mamba, mean of 64\\. Position 20`),
      );
      await panel.page.keyboard.press('2');
      await panel.page.waitForTimeout(100);
      await showing(() => attribute(panel, 'data-view'), 'memory');
      assert.match(await summary(panel), /at position 20 of 31/);
      await panel.page.keyboard.press('1');
      await panel.page.waitForTimeout(100);
      await showing(() => attribute(panel, 'data-position'), '20');
      assert.match(await panel.page.locator('.step h2').innerText(), /Step 20 of 31/);
    });

    it('chooses a channel by its matrix, and the layer by any of its matrices', async () => {
      const { panel, seen } = await open('attention');
      const [first, second] = matricesOf(survey());
      const box = (await plot(panel).boundingBox())!;
      await panel.page.mouse.click(box.x + 8 + 158 + 4, box.y + 8 + 24 + 140);
      await panel.page.waitForTimeout(100);
      await showing(() => attribute(panel, 'data-channel'), String(first!.strongest[0]!.index));
      await panel.page.mouse.click(box.x + 8 + 4, box.y + 8 + 24 + 174 + 14 + 24 + 140);
      await serve(panel, 'scan', seen);
      await showing(() => attribute(panel, 'data-layer'), String(second!.layer));
    });

    it('zooms a matrix by wheel, drag and keys, moves it, and shows it whole again', async () => {
      const { panel } = await open('attention', {}, { position: 20, source: 12 });
      const { page } = panel;
      const window = async () => (await panel.state<ScanState>()).window;
      // The large matrix of 1328 px: 850 from the left, 14 cells of 13 px a side.
      const box = (await plot(panel).boundingBox())!;
      const at = (share: number) => [box.x + 8 + 880 + 416 * share, box.y + 8 + 50 + 416 * share] as const;
      await page.mouse.move(...at(0.5));
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -120);
      await page.keyboard.up('Control');
      await page.waitForTimeout(80);
      const wheeled = (await window())!;
      assert.ok(wheeled.size < 32 && wheeled.size > 16);
      await page.getByTestId('zoom-reset').click();
      assert.equal(await window(), null);
      await page.mouse.move(...at(0.25));
      await page.mouse.down();
      await page.mouse.move(...at(0.5), { steps: 4 });
      await page.mouse.up();
      await page.waitForTimeout(80);
      const marked = (await window())!;
      assert.ok(
        Math.abs(marked.size - 8) < 0.5 && Math.abs(marked.query - marked.key) < 1,
        JSON.stringify(marked),
      );
      // Marking chooses nothing; a drag moves what is zoomed.
      await showing(() => attribute(panel, 'data-position'), '20');
      await page.mouse.move(...at(0.75));
      await page.mouse.down();
      await page.mouse.move(...at(0.5), { steps: 4 });
      await page.mouse.up();
      const dragged = (await window())!;
      assert.ok(Math.abs(dragged.query - marked.query - 2) < 0.3, JSON.stringify([marked, dragged]));
      await page.mouse.dblclick(...at(0.5));
      assert.equal(await window(), null);
      await plot(panel).focus();
      await page.keyboard.press('+');
      await page.keyboard.press('+');
      for (let k = 0; k < 8; k++) await page.keyboard.press('ArrowDown');
      await settled(page);
      const followed = (await window())!;
      const { position } = await panel.state<ScanState>();
      assert.ok(
        followed.query <= position! && position! < followed.query + followed.size,
        'the cursor is shown',
      );
      await page.keyboard.press('0');
      assert.equal(await window(), null);
    });

    it('pins a matrix, then a run, beside the chosen one: same tokens, one cursor', async () => {
      const { panel, seen } = await open('attention', {}, { position: 20, source: 12 });
      await panel.page.keyboard.press('p');
      await showing(() => attribute(panel, 'data-pinned'), 'here');
      assert.match(await summary(panel), /Pinned: induction\/mamba-0, layer 0, mamba, mean of 64/);
      await panel.page.getByTestId('pin').click();
      await showing(() => attribute(panel, 'data-pinned'), '');
      await panel.page.getByTestId('compare').click();
      await panel.page.waitForTimeout(40);
      assert.ok((await panel.sent()).some(({ type }) => type === 'pick'));
      await panel.post({ type: 'picked', target: '/runs/b', name: 'seed 2' });
      await panel.page.waitForTimeout(80);
      const asked = (await panel.sent()).findLast(({ type }) => type === 'survey')!;
      assert.equal(asked['target'], '/runs/b');
      assert.deepEqual(
        asked['ids'],
        inspection().tokens.map(({ id }) => id),
      );
      await panel.post({ type: 'survey', request: asked['request'], survey: survey({ example: 3 }) });
      await panel.page.waitForTimeout(120);
      assert.match(await summary(panel), /Pinned: seed 2, layer 0, mamba, mean of 64: .* from position 12/);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await panel.page.keyboard.press('t');
      await panel.page.waitForTimeout(80);
      await panel.page.getByLabel('Probe').selectOption('seed 2: layers.0.contribution');
      // A run that is gone does not take the view with it.
      await panel.page.keyboard.press('t');
      await panel.post({ type: 'picked', target: '/runs/c', name: 'lost' });
      await panel.page.waitForTimeout(80);
      const lost = (await panel.sent()).findLast(({ type }) => type === 'survey')!;
      await panel.post({ type: 'failed', request: lost['request'], message: 'There is no run.' });
      await panel.page.waitForTimeout(80);
      assert.match(
        await panel.page.getByRole('alert').innerText(),
        /lost cannot be compared: There is no run/,
      );
      assert.equal(await plot(panel).count(), 1);
      await serve(panel, 'scan', seen);
    });

    for (const width of [420, 900])
      it(`leaves the controls their room at ${width} px when a long sentence says why nothing stands beside`, async () => {
        const { panel } = await open('attention', { width });
        const { page } = panel;
        const words =
          'There is no run at runs/induction-heads/mamba-with-a-long-name/run-2026-01-01 any more, nor a checkpoint.';
        await panel.post({ type: 'picked', target: '/runs/b', name: 'induction-heads · seed 2' });
        await showing(
          async () => (await panel.sent()).some((message) => message['target'] === '/runs/b'),
          true,
        );
        const { request } = (await panel.sent()).findLast(({ type }) => type === 'survey')!;
        await panel.post({ type: 'failed', request, message: words });
        const alert = page.getByRole('alert');
        await alert.getByText(words).waitFor();
        const cut = await page
          .locator('.line.attention > *, .line.attention label, .failures, .failures span')
          .evaluateAll((parts) =>
            parts
              .filter((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0)
              .map((part) => part.outerHTML.slice(0, 120)),
          );
        assert.deepEqual(cut, []);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
        await keep(page, `scan-not-compared-${width}`);
        assert.deepEqual(await seriousViolations(page), []);
      });

    it('steps with Space in every view where motion is reduced', async () => {
      for (const [view, name] of [
        ['memory', 'data-position'],
        ['order', 'data-order-step'],
        ['training', 'data-frame'],
      ] as const) {
        const { panel } = await open(
          view,
          { reducedMotion: true },
          { position: 3, frame: frames().frames[0]!.step },
        );
        const before = await attribute(panel, name);
        await plot(panel).focus();
        await panel.page.keyboard.press(' ');
        await showing(async () => (await attribute(panel, name)) !== before, true);
        const after = await attribute(panel, name);
        // Longer than a token takes at any speed up to the usual one.
        await panel.page.waitForTimeout(400);
        assert.equal(await attribute(panel, name), after, view);
        assert.equal(await attribute(panel, 'data-playing'), 'false');
        await panel.page.keyboard.press(' ');
        await showing(async () => (await attribute(panel, name)) !== after, true);
      }
    });

    it('takes any channel of its own run and of the pinned one, each exactly, and says when one cannot be had', async () => {
      const pin = { target: '/runs/b', name: 'seed 2', layer: 0, matrix: null, follows: false };
      const { panel, seen } = await open('attention', {}, { position: 20, source: 12, pin });
      const own = hiddenAttention(scanOf(new Recurrence(inspection()))!, 7)[20 * 32 + 12]!;
      const other = hiddenAttention(scanOf(new Recurrence(inspection({ example: 3 })))!, 50)[20 * 32 + 12]!;
      await panel.page.getByLabel('Matrix', { exact: true }).selectOption('7');
      await panel.page.getByLabel('Pinned matrix', { exact: true }).selectOption('50');
      await serve(panel, 'scan', seen);
      const asked = (await panel.sent()).filter(({ type }) => type === 'analyse');
      assert.deepEqual(
        asked.map(({ target, channel, layer, name }) => [target, channel, layer, name]),
        [
          [undefined, 7, 0, 'hidden_attention'],
          ['/runs/b', 50, 0, 'hidden_attention'],
        ],
      );
      assert.deepEqual(
        asked[1]!['ids'],
        inspection().tokens.map(({ id }) => id),
      );
      const words = await summary(panel);
      assert.match(words, /^Layer 0, mamba, channel 7\./);
      assert.ok(
        words.includes(`channel 50: ${number3(other)} from position 12, against ${number3(own)}.`),
        words,
      );
      // The channel is chosen in the other views too, and the other way round.
      await showing(() => attribute(panel, 'data-channel'), '7');
      await panel.page.keyboard.press('1');
      await panel.page.getByLabel('Channel', { exact: true }).selectOption('33');
      assert.equal((await panel.state<ScanState>()).matrix, 33);
      await panel.page.keyboard.press('3');
      await settled(panel.page);
      const { request } = (await panel.sent()).findLast(({ type }) => type === 'analyse')!;
      await panel.post({ type: 'failed', request, message: 'There is no channel 33.' });
      await panel.page.getByRole('alert').filter({ hasText: 'There is no channel 33.' }).waitFor();
      assert.equal(await plot(panel).count(), 1);
      assert.deepEqual(await seriousViolations(panel.page), []);
    });

    it('opens with a run beside its own when two are compared', async () => {
      const panel = await suite.open('scan', { height: 1000, state: start({ view: 'sequence' }) });
      await panel.post({ type: 'target', name: 'a', trained: true });
      await panel.post({ type: 'picked', target: '/runs/b', name: 'b' });
      await serve(panel);
      await showing(() => attribute(panel, 'data-view'), 'attention');
      const asked = (await panel.sent()).filter(({ type }) => type === 'survey').map(({ target }) => target);
      assert.deepEqual(asked.toSorted(), ['/runs/b', undefined]);
      assert.match(await summary(panel), /Pinned: b, layer 0, mamba/);
    });

    it('shows the numbers of what it draws as a table', async () => {
      const { panel } = await open('memory', {}, { position: 20 });
      await panel.page.keyboard.press('t');
      await panel.page.waitForTimeout(80);
      const values = await panel.page
        .locator('[data-testid=data-table] td[data-value]')
        .evaluateAll((cells) => cells.map((td) => Number(td.getAttribute('data-value'))));
      assert.deepEqual(values, [...Float32Array.from(contributions(new Recurrence(inspection()), 20))]);
      await panel.page.getByLabel('Probe').selectOption('layers.0.half_life');
      assert.equal(await panel.page.locator('[data-testid=data-table] tbody tr').count(), 64);
      assert.deepEqual(await seriousViolations(panel.page), []);
    });

    it('shows a filter before and after training, and its modes one by one', async () => {
      const { panel } = await open('kernel', {}, { channel: 1 }, 'filter');
      assert.match(await summary(panel), /^Channel 1 of 4: largest value 0\.\d+ at delay \d+\. Fastest mode/);
      await plot(panel).focus();
      await panel.page.keyboard.press('ArrowDown');
      await panel.page.keyboard.press('m');
      await settled(panel.page);
      const state = await panel.state<ScanState>();
      assert.deepEqual([state.channel, state.mode], [2, 0]);
      await panel.page.locator('input[name=compare][value=none]').check({ force: true });
      assert.equal((await panel.state<ScanState>()).compare, 'none');
      const asked = (await panel.sent()).find((message) => message.type === 'analyse')!;
      assert.deepEqual([asked['name'], asked['layer']], ['lti_kernel', 0]);
    });

    it('walks the routes of any grid', async () => {
      const { panel } = await open('order');
      assert.match(await summary(panel), /Token 27 is read at steps 27, 27, 36, 36\./);
      await panel.page.getByLabel('Rows').fill('5');
      await panel.page.getByLabel('Rows').press('Enter');
      await panel.page.getByLabel('Columns').fill('7');
      await panel.page.getByLabel('Columns').press('Enter');
      await panel.page.getByLabel('Routes').selectOption('local_w3');
      await plot(panel).focus();
      await panel.page.keyboard.press('ArrowRight');
      await settled(panel.page);
      assert.match(await summary(panel), /^Step 1 of 53\. windows 3 reads token 1, row 0, column 1\./);
      const box = (await plot(panel).boundingBox())!;
      await panel.page.mouse.click(box.x + 8 + 6, box.y + 8 + 28 + 6);
      await settled(panel.page);
      assert.equal((await panel.state<ScanState>()).order.token, 0);
    });

    it('replays training by slider and keys', async () => {
      const { panel } = await open('training');
      await showing(() => attribute(panel, 'data-frames'), '19');
      assert.match(await summary(panel), /^Probe 19 of 19, step 900, layer 0\./);
      await plot(panel).focus();
      await panel.page.keyboard.press('[');
      await panel.page.keyboard.press('ArrowLeft');
      await settled(panel.page);
      assert.equal((await panel.state<ScanState>()).frame, 800);
      await panel.page.getByRole('slider', { name: 'Training' }).fill('7');
      await settled(panel.page);
      assert.match(await summary(panel), /^Probe 8 of 19, step 350/);
    });

    it('keeps the view and what was chosen over a reload', async () => {
      const { panel } = await open('attention', {}, { position: 20, source: 12, measure: 'contribution' });
      const state = await panel.state<ScanState>();
      const again = await suite.open('scan', { state });
      await again.post({ type: 'target', name: 'induction/mamba-0', trained: true });
      await serve(again);
      for (const name of ['data-view', 'data-position', 'data-source'])
        await showing(() => attribute(again, name), await attribute(panel, name), name);
      assert.ok(await again.page.locator('input[name=measure][value=contribution]').isChecked());
    });

    it('does not switch to a view that the layer does not have, and says why', async () => {
      const { panel } = await open('sequence');
      await panel.page.keyboard.press('4');
      await showing(() => attribute(panel, 'data-view'), 'sequence');
      const title = await panel.page.locator('.segmented label', { hasText: 'Kernel' }).getAttribute('title');
      assert.match(title!, /not time-invariant/);
    });

    it('stays usable when the survey fails', async () => {
      const panel = await suite.open('scan', { state: start({ view: 'attention' }) });
      await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
      await settled(panel.page);
      const asked = (type: string) =>
        panel.sent().then((all) => all.findLast((message) => message.type === type)!);
      await panel.post({
        type: 'inspection',
        request: (await asked('inspect'))['request'],
        inspection: inspection(),
      });
      await panel.page.waitForTimeout(80);
      await panel.post({
        type: 'failed',
        request: (await asked('survey'))['request'],
        message: 'The runtime has ended.',
      });
      await panel.page.waitForTimeout(80);
      assert.match(await panel.page.getByRole('alert').innerText(), /The runtime has ended\./);
      await panel.page.getByRole('button', { name: 'Try again' }).click();
      await serve(panel);
      assert.equal(await plot(panel).count(), 1);
    });

    it('saves figure and numbers of every view, and copies the numbers', async () => {
      for (const view of ['memory', 'attention', 'order', 'training'] as const) {
        const { panel } = await open(view);
        for (const item of ['Save figure as SVG…', 'Save numbers as CSV…', 'Copy numbers as CSV']) {
          await panel.page.getByRole('button', { name: 'Export' }).click();
          await panel.page.getByRole('menuitem', { name: item }).click();
        }
        await panel.page.waitForTimeout(150);
        const sent = await panel.sent();
        const files = sent.filter((message) => message.type === 'export');
        assert.deepEqual(
          files.map((message) => message['kind']),
          ['svg', 'csv'],
        );
        assert.match(String(files[0]!['data']), /^<svg[\s\S]*<desc>.{20}/);
        assert.match(String(files[1]!['name']), new RegExp(`-${view}\\.csv$`));
        assert.equal(sent.find((message) => message.type === 'copy')!['text'], files[1]!['data']);
        assert.ok(String(files[1]!['data']).split('\n').length > 20);
      }
    });

    for (const view of ['memory', 'attention', 'kernel', 'order', 'training'] as const) {
      it(`looks right as ${view} in every theme: ink and no serious accessibility violation`, async () => {
        const { panel } = await open(view, {}, {}, view === 'kernel' ? 'filter' : 'scan');
        for (const theme of Object.keys(themes) as ThemeName[]) {
          await panel.setTheme(theme);
          await panel.page.waitForTimeout(120);
          const ground = rgb(themes[theme].variables['editor-background']!);
          assert.ok((await inked(plot(panel), ground)) > 0.03, theme);
          assert.deepEqual(await seriousViolations(panel.page), [], theme);
        }
        await panel.page.setViewportSize({ width: 320, height: 900 });
        await panel.page.waitForTimeout(150);
        assert.ok(await panel.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
      });
    }
  },
  { timeout: 120_000 },
);
