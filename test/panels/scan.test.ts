import assert from 'node:assert/strict';
import type { ScanState } from '../../src/protocol/view-scan';
import { number3 } from '../../src/figures/core/format';
import { Recurrence } from '../../src/figures/scan/recurrence';
import type { OpenOptions, OpenPanel } from './harness';
import { scanDriver } from './scan-driver';
import { hydraLayer, inspection } from './scan-fixture';
import { inked, keep, rgb, seriousViolations } from './looks';
import { settled, showing } from './showing';
import { describePanel } from './suite';
import { filterLayer } from './views-fixture';
import { themes, type ThemeName } from './themes';

describePanel('the Scan panel', (suite) => {
  const { asked, answer, open, attribute, cell } = scanDriver(suite);

  it('asks for the example and starts where the strongest channel writes', async () => {
    const panel = await open();
    const scan = new Recurrence(inspection());
    assert.deepEqual((await panel.sent()).slice(0, 2), [
      { type: 'ready' },
      { type: 'inspect', request: 1, example: 0 },
    ]);
    await showing(() => attribute(panel, 'data-channel'), String(scan.strongest[0]));
    await showing(() => attribute(panel, 'data-position'), '13');
    await showing(() => attribute(panel, 'data-busy'), 'false');
    assert.match(
      await panel.page.locator('.line .answer').innerText(),
      /Target e · predicted e with 99\.9\s%/,
    );
  });

  it('steps through both scans of a bidirectional layer, each in its own order', async () => {
    const panel = await suite.open('scan', { height: 1000 });
    await panel.post({ type: 'target', name: 'hydra', trained: true });
    const question = await asked(panel);
    await panel.post({ type: 'inspection', request: question['request'], inspection: hydraLayer() });
    await panel.page.waitForTimeout(150);
    await showing(() => attribute(panel, 'data-position'), '13');
    await panel.page.locator('input[name=direction][value=backward]').check({ force: true });
    await showing(() => panel.page.locator('.step h2').innerText(), 'Step 18 of 31 ← reads “m” at 13');
    await panel.page.getByRole('button', { name: /^Next step/ }).click();
    await showing(() => attribute(panel, 'data-position'), '12');
    assert.match(await panel.page.locator('.states thead').innerText(), /h₁₃/);
    assert.match(await panel.page.locator('#scan-summary').innerText(), /Scan from right to left/);
    await panel.page.locator('.sequence .plot').focus();
    await panel.page.keyboard.press('d');
    await panel.page.locator('.step h2', { hasText: /^Step 12 of 31 → reads/ }).waitFor();
    // What y is made of adds up, to the digits that are shown.
    const sums = await panel.page
      .locator('.sums div')
      .evaluateAll((lines) => lines.map((line) => Number(line.getAttribute('title'))));
    assert.ok(Math.abs(sums[1]! + sums[2]! + sums[3]! - sums[4]!) < 1e-5);
    assert.deepEqual(await seriousViolations(panel.page), []);
  });

  it('looks at tokens that were asked for from elsewhere', async () => {
    const panel = await open();
    await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true, ids: [3, 1, 2] });
    const { type: _, request: __, ...what } = await asked(panel);
    assert.deepEqual(what, { ids: [3, 1, 2] });
  });

  it('shows the numbers of the step that the playhead is on', async () => {
    const panel = await open();
    const scan = new Recurrence(inspection());
    const channel = scan.strongest[0]!;
    const keys = await panel.page.locator('.keys dd').allInnerTexts();
    assert.deepEqual(
      keys,
      [scan.delta(13, channel), scan.x(13, channel), scan.delta(13, channel) * scan.x(13, channel)].map(
        number3,
      ),
    );
    const sums = await panel.page
      .locator('.sums > div')
      .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('title'))));
    assert.equal(sums.length, 5);
    assert.ok(Math.abs(sums[0]! + sums[1]! - sums[2]!) < 1e-6);
    assert.equal(sums[4], scan.output(13, channel));
    assert.equal(await panel.page.locator('.states tbody tr').count(), 16);
    await panel.page.mouse.click(...(await cell(panel, 20, 'tokens')));
    await settled(panel.page);
    await showing(() => attribute(panel, 'data-position'), '20');
    assert.equal((await panel.page.locator('.keys dd').allInnerTexts())[0], number3(scan.delta(20, channel)));
  });

  it('steps, jumps to writes, plays and stops from the keyboard', async () => {
    const panel = await open();
    const { keyboard } = panel.page;
    await panel.page.locator('.sequence .plot').focus();
    await keyboard.press('ArrowRight');
    await showing(() => attribute(panel, 'data-position'), '14');
    await keyboard.press('Shift+ArrowLeft');
    await panel.page.waitForTimeout(40);
    await showing(() => attribute(panel, 'data-position'), '6');
    await keyboard.press('Control+ArrowRight');
    await panel.page.waitForTimeout(40);
    await showing(() => attribute(panel, 'data-position'), '13');
    await keyboard.press('Home');
    await keyboard.press('.');
    await keyboard.press('.');
    await keyboard.press(' ');
    // However slow the machine is: it comes past the second token, and stays where it is stopped.
    await showing(async () => Number(await attribute(panel, 'data-position')) >= 2, true);
    await keyboard.press(' ');
    await showing(() => attribute(panel, 'data-playing'), 'false');
    assert.equal((await panel.state<ScanState>()).speed, 16);
    const channel = await attribute(panel, 'data-channel');
    await keyboard.press('ArrowDown');
    await panel.page.waitForTimeout(40);
    const scan = new Recurrence(inspection());
    await showing(() => attribute(panel, 'data-channel'), String(scan.strongest[1]));
    assert.notEqual(await attribute(panel, 'data-channel'), channel);
  });

  it('selects a channel in the heat map and tells the value under the pointer', async () => {
    const panel = await open();
    const scan = new Recurrence(inspection());
    const [x, y] = await cell(panel, 31, 'channels', 32.5 / 64);
    await panel.page.mouse.move(x, y);
    await settled(panel.page);
    const channel = scan.byMemory[32]!;
    assert.equal(
      await panel.page.locator('.tip').innerText(),
      `31 “⇒” · channel ${channel} · ${number3(Math.abs(scan.output(31, channel)))}`,
    );
    await panel.page.mouse.click(x, y);
    await settled(panel.page);
    await showing(() => attribute(panel, 'data-channel'), String(channel));
    await showing(() => attribute(panel, 'data-position'), '31');
  });

  it('asks anew for another layer and example, and takes only the newest answer', async () => {
    const panel = await open();
    await panel.page.locator('input[name=layer][value="1"]').check({ force: true });
    const first = await asked(panel);
    assert.deepEqual([first['layer'], first['example']], [1, 0]);
    await showing(() => attribute(panel, 'data-busy'), 'true');
    await panel.page.getByLabel('Example').fill('5');
    await panel.page.getByLabel('Example').press('Enter');
    await showing(async () => (await asked(panel))['example'], 5);
    const second = await asked(panel);
    assert.equal(second['layer'], 1);
    await panel.post({
      type: 'inspection',
      request: first['request'],
      inspection: inspection({ layer: 1, example: 0 }),
    });
    await settled(panel.page);
    await showing(() => attribute(panel, 'data-layer'), '0');
    await panel.post({
      type: 'inspection',
      request: second['request'],
      inspection: inspection({ layer: 1, example: 5 }),
    });
    await panel.page.waitForTimeout(100);
    assert.deepEqual(
      [
        await attribute(panel, 'data-layer'),
        await attribute(panel, 'data-example'),
        await attribute(panel, 'data-busy'),
      ],
      ['1', '5', 'false'],
    );
  });

  it('keeps what is being typed while the panel is drawn anew', async () => {
    const panel = await open();
    const field = panel.page.getByLabel('Example');
    await field.fill('12');
    // Every movement over the picture draws the panel.
    for (const t of [3, 9]) {
      await panel.page.mouse.move(...(await cell(panel, t, 'delta')));
      await settled(panel.page);
    }
    assert.equal(await field.inputValue(), '12');
    await field.press('Enter');
    await showing(async () => (await asked(panel))['example'], 12);
    await field.fill('-3');
    await field.press('Enter');
    await showing(() => field.inputValue(), '12');
  });

  it('takes typed tokens of the vocabulary', async () => {
    const panel = await open();
    await panel.page.getByLabel('Type tokens instead').click();
    await panel.page.getByRole('textbox', { name: 'Tokens' }).fill('ahbz');
    await panel.page.getByRole('textbox', { name: 'Tokens' }).press('Enter');
    assert.match(await panel.page.getByRole('alert').innerText(), /“z” is not in the vocabulary/);
    await panel.page.getByRole('textbox', { name: 'Tokens' }).fill('ahb⇒');
    await panel.page.getByRole('textbox', { name: 'Tokens' }).press('Enter');
    const question = await asked(panel);
    const vocabulary = inspection().vocabulary!;
    assert.deepEqual(
      question['ids'],
      ['a', 'h', 'b', '⇒'].map((label) => vocabulary.indexOf(label)),
    );
    assert.equal(question['example'], undefined);
  });

  it('restores layer, example, channel, playhead and rows after a reload', async () => {
    const panel = await open();
    await panel.page.mouse.click(...(await cell(panel, 24, 'channels')));
    await panel.page.getByLabel('Rows and more').click();
    await panel.page.getByRole('menuitemcheckbox', { name: 'Gate silu(z)' }).click();
    await panel.page.locator('input[name=layer][value="1"]').check({ force: true });
    await answer(panel, { layer: 1 });
    const state = await panel.state<ScanState>();
    const again = await suite.open('scan', { state });
    await again.post({ type: 'target', name: 'induction/mamba-0', trained: true });
    assert.equal((await asked(again))['layer'], 1);
    await answer(again, { layer: 1 });
    for (const name of ['data-layer', 'data-channel', 'data-position'])
      await showing(() => attribute(again, name), await attribute(panel, name), name);
    await showing(() => attribute(again, 'data-position'), '24');
    const rows = await again.page.locator('.sequence .plot').getAttribute('data-rows');
    assert.ok(!rows!.includes('gate:') && rows!.includes('delta:'));
  });

  it('shows the same numbers as a table, other ones for another layer', async () => {
    const panel = await open();
    await panel.page.getByTestId('show-table').click();
    const values = (): Promise<string> =>
      panel.page
        .locator('[data-testid=data-table] td[data-value]')
        .evaluateAll((cells) => cells.map((td) => Number(td.getAttribute('data-value'))).join(' '));
    await showing(values, inspection().probes['delta']!.data.join(' '));
    await panel.page.getByLabel('Probe').selectOption('state');
    const channel = Number(await attribute(panel, 'data-channel'));
    const statesOf = (layer: number, c: number): string => {
      const { data } = inspection({ layer }).probes['state']!;
      return Array.from(
        { length: 32 * 16 },
        (_, i) => data[(Math.floor(i / 16) * 64 + c) * 16 + (i % 16)],
      ).join(' ');
    };
    await showing(values, statesOf(0, channel));
    await panel.page.locator('input[name=layer][value="1"]').check({ force: true });
    await answer(panel, { layer: 1 });
    const next = new Recurrence(inspection({ layer: 1 })).strongest[0]!;
    await showing(values, statesOf(1, next));
    assert.deepEqual(await seriousViolations(panel.page), []);
    await keep(panel.page, 'scan-table');
  });

  it('begins with the kernel of a layer that has no scan, unless another view was chosen', async () => {
    const show = async (options: OpenOptions): Promise<OpenPanel> => {
      const panel = await suite.open('scan', { height: 1000, ...options });
      await panel.post({ type: 'target', name: 's4d', trained: true });
      const { request } = await asked(panel);
      await panel.post({ type: 'inspection', request, inspection: filterLayer() });
      return panel;
    };
    const fresh = await show({});
    await showing(() => attribute(fresh, 'data-view'), 'kernel');
    const chosen = await show({ state: { version: 1, target: 'test', view: 'sequence' } });
    await chosen.page.locator('.note h2', { hasText: 'layers.0 s4d has no scan' }).waitFor();
    assert.deepEqual(await chosen.page.locator('.note button').allInnerTexts(), [
      'Show layers.1 mamba',
      'Show kernel',
      'Show memory',
      'Show attention',
      'Show numbers',
    ]);
    await chosen.page.getByRole('button', { name: 'Show kernel' }).click();
    await showing(() => attribute(chosen, 'data-view'), 'kernel');
  });

  it('says why a layer has no scan and offers the nearest that has one', async () => {
    const panel = await open();
    await panel.page.locator('input[name=layer][value="2"]').check({ force: true });
    await answer(panel, { layer: 2 });
    assert.match(await panel.page.locator('.note').innerText(), /layers\.2 attention has no scan/);
    await keep(panel.page, 'scan-attention');
    await panel.page.getByRole('button', { name: 'Show layers.1 mamba' }).click();
    assert.equal((await asked(panel))['layer'], 1);
  });

  it('shows empty axes until the first answer, then says what it does, then offers to end it', async () => {
    const panel = await suite.open('scan', { height: 1000 });
    const { page } = panel;
    // Before anything has come: names of the rows, and not one pixel of data.
    const times = page.evaluate(
      () =>
        new Promise<{ words: number; cancel: number }>((resolve) => {
          const start = performance.now();
          let words = 0;
          const look = (): void => {
            const line = document.querySelector('[data-testid=waiting]');
            if (words === 0 && line?.textContent) words = performance.now() - start;
            if (line?.querySelector('button')) {
              observer.disconnect();
              resolve({ words, cancel: performance.now() - start });
            }
          };
          const observer = new MutationObserver(look);
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        }),
    );
    await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
    const { words, cancel } = await times;
    assert.ok(words >= 195, `words after ${words} ms`);
    assert.ok(cancel >= 995 && cancel > words, `Cancel after ${cancel} ms`);
    assert.match(
      await page.getByRole('status').innerText(),
      /^Opening the model and running it on example 0 …$/,
    );
    const skeleton = page.getByTestId('skeleton');
    const ground = rgb(themes.dark.variables['editor-background']!);
    const ink = await inked(skeleton, ground);
    assert.ok(ink > 0.002 && ink < 0.05, `${ink}`);
    await keep(page, 'scan-loading');
    assert.deepEqual(await seriousViolations(page), []);
    const { request } = await asked(panel);
    await panel.post({ type: 'progress', request, bytes: 12_340_000 });
    await page.getByRole('status').getByText('Reading the answer, 12.3 MB so far').waitFor();
    await answer(panel);
    assert.equal(await skeleton.count(), 0);
    await showing(() => page.getByTestId('waiting').innerText(), '');
    assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0);
  });

  it('ends the first question when it is cancelled, and asks again', async () => {
    const panel = await suite.open('scan', { height: 1000 });
    const { page } = panel;
    await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
    const first = await asked(panel);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.note', { hasText: 'Cancelled' }).waitFor();
    assert.ok((await panel.sent()).some(({ type }) => type === 'cancel'));
    await showing(() => attribute(panel, 'data-busy'), 'false');
    assert.deepEqual(await seriousViolations(page), []);
    // An answer that was under way all the same is not taken.
    await panel.post({ type: 'inspection', request: first['request'], inspection: inspection() });
    await page.waitForTimeout(100);
    assert.equal(await page.locator('.note', { hasText: 'Cancelled' }).count(), 1);
    await page.getByRole('button', { name: 'Try again' }).click();
    assert.notEqual((await asked(panel))['request'], first['request']);
    await answer(panel);
    await showing(() => attribute(panel, 'data-position'), '13');
  });

  it('keeps picture, example and playhead when the next question is cancelled', async () => {
    const panel = await open();
    const { page } = panel;
    await page.locator('.sequence .plot').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByLabel('Example').fill('9');
    await page.getByLabel('Example').press('Enter');
    await page.getByRole('status').getByText('Opening the model and running it on example 9').waitFor();
    assert.equal(await page.locator('.sequence .plot canvas').count(), 1);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.message', { hasText: 'The layer on example 9 was cancelled.' }).waitFor();
    await showing(() => attribute(panel, 'data-example'), '7');
    assert.equal(await attribute(panel, 'data-position'), '14');
    assert.equal((await panel.state<ScanState>()).example, 0);
    await page.locator('.message .link', { hasText: 'Try again' }).click();
    assert.equal((await asked(panel))['example'], 9);
    await answer(panel, { example: 9 });
    await showing(() => attribute(panel, 'data-example'), '9');
    assert.equal(await page.locator('.message').count(), 0);
  });

  it('states what went wrong and tries again', async () => {
    const panel = await open();
    await panel.page.getByLabel('Example').fill('9');
    await panel.page.getByLabel('Example').press('Enter');
    await panel.post({
      type: 'failed',
      request: (await asked(panel))['request'],
      message: 'The checkpoint is damaged.',
    });
    await settled(panel.page);
    assert.match(await panel.page.getByRole('alert').innerText(), /The checkpoint is damaged\./);
    await keep(panel.page, 'scan-failed');
    await panel.page.getByRole('button', { name: 'Try again' }).click();
    await answer(panel);
    assert.equal(await panel.page.getByRole('alert').count(), 0);
  });

  it('exports a picture, a figure and the numbers', async () => {
    const panel = await open();
    for (const item of ['Save picture as PNG…', 'Save figure as SVG…', 'Save numbers as JSON…']) {
      await panel.page.getByRole('button', { name: 'Export' }).click();
      await panel.page.getByRole('menuitem', { name: item }).click();
    }
    await panel.page.waitForFunction(
      () =>
        (window as unknown as { host: { sent: { type: string }[] } }).host.sent.filter(
          (m) => m.type === 'export',
        ).length === 3,
    );
    const sent = await panel.page.evaluate(() =>
      (
        window as unknown as { host: { sent: { type: string; kind: string; data: string | Uint8Array }[] } }
      ).host.sent
        .filter((m) => m.type === 'export')
        .map((m) => ({ kind: m.kind, data: typeof m.data === 'string' ? m.data : m.data.length })),
    );
    assert.ok(Number(sent.find((m) => m.kind === 'png')!.data) > 20_000);
    assert.match(
      String(sent.find((m) => m.kind === 'svg')!.data),
      /<desc>Layer 0, channel \d+, position 13 of 31/,
    );
    const json = JSON.parse(String(sent.find((m) => m.kind === 'json')!.data)) as {
      probes: { delta: { data: number[] } };
    };
    assert.deepEqual(json.probes.delta.data, [...inspection().probes['delta']!.data]);
  });

  it('replaces playing by steps under reduced motion', async () => {
    const panel = await open({ reducedMotion: true });
    assert.equal(await panel.page.getByTestId('play').count(), 0);
    await panel.page.getByLabel('Next token (→)').click();
    await panel.page.waitForTimeout(40);
    await showing(() => attribute(panel, 'data-position'), '14');
    // Space steps as well, and nothing goes on by itself.
    await panel.page.locator('.sequence .plot').focus();
    await panel.page.keyboard.press(' ');
    await showing(() => attribute(panel, 'data-position'), '15');
    await panel.page.waitForTimeout(400);
    assert.equal(await attribute(panel, 'data-position'), '15');
    assert.equal(await attribute(panel, 'data-playing'), 'false');
    await panel.page.keyboard.press('End');
    await showing(() => attribute(panel, 'data-position'), '31');
    await panel.page.keyboard.press(' ');
    await panel.page.waitForTimeout(100);
    assert.equal(await attribute(panel, 'data-position'), '31');
  });

  for (const theme of Object.keys(themes) as ThemeName[]) {
    it(`looks right in ${theme}: ink, zero is the background, no serious accessibility violation`, async () => {
      const panel = await open({ theme });
      const ground = rgb(themes[theme].variables['editor-background']!);
      assert.ok((await inked(panel.page.locator('.sequence .plot'), ground)) > 0.05);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `scan-${theme}`);
    });
  }

  it('shows Mamba-2 with one decay per head', async () => {
    const panel = await open({}, { heads: 8 });
    assert.match(await panel.page.locator('.sums').innerText(), /before the norm/);
    assert.equal(await panel.page.locator('.states tbody tr').count(), 16);
    await keep(panel.page, 'scan-mamba2');
  });

  for (const width of [420, 300]) {
    it(`fits ${width} px without scrolling sideways`, async () => {
      const panel = await open({ width, height: 1000 });
      assert.ok(await panel.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
      assert.ok((await inked(panel.page.locator('.sequence .plot'), rgb('#1f1f1f'))) > 0.05);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `scan-${width}`);
    });
  }
});
