import assert from 'node:assert/strict';
import type { CurvesState } from '../../src/protocol/view-curves';
import { number3 } from '../../src/figures/core/format';
import type { OpenOptions, OpenPanel } from './harness';
import { nineRuns, rowsMessage, rowsOf, runsMessage, type Shape } from './curves-fixture';
import { inked, keep, rgb, seriousViolations } from './looks';
import { settled, showing } from './showing';
import { describePanel } from './suite';
import { themes, type ThemeName } from './themes';

const group = (key: string): Shape => nineRuns.find((run) => run.group === key)!;

describePanel('the Curves panel', (suite) => {
  const open = async (
    options: OpenOptions = {},
    shapes: readonly Shape[] = nineRuns,
    focused?: string,
  ): Promise<OpenPanel> => {
    const panel = await suite.open('curves', options);
    assert.deepEqual(
      (await panel.sent()).map((message) => message.type),
      ['ready'],
    );
    await panel.post(runsMessage(shapes, focused));
    if (shapes.length > 0) await panel.post(rowsMessage(shapes));
    await panel.page.waitForFunction(
      (count) => document.querySelector('[data-testid=curves]')?.getAttribute('data-runs') === String(count),
      shapes.length,
    );
    await panel.page.waitForTimeout(150);
    return panel;
  };
  const attribute = (panel: OpenPanel, name: string): Promise<string | null> =>
    panel.page.getByTestId('curves').getAttribute(name);
  const geometry = async (panel: OpenPanel) => {
    const plot = panel.page.locator('.chart .plot').first();
    const [x, y, width, height] = (await plot.getAttribute('data-plot'))!.split(',').map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const box = (await plot.boundingBox())!;
    return { plot, left: box.x + x, top: box.y + y, width, height };
  };

  it('draws every row of the focused run and tells its last value', async () => {
    const panel = await open({}, nineRuns, 'g3');
    const rows = rowsOf(group('g3')).tables['train']!;
    await showing(() => attribute(panel, 'data-points'), String(rows.count));
    await showing(() => attribute(panel, 'data-last-step'), '1500');
    assert.equal(Number(await attribute(panel, 'data-last-loss')), rows.columns['loss']!.at(-1));
    assert.equal((await attribute(panel, 'data-selected'))!.split(' ').length, 7);
  });

  it('shows the logged value under the pointer', async () => {
    const state = { version: 1, panel: 'test', smoothing: 0 };
    const panel = await open({ state });
    const { left, top, width, height } = await geometry(panel);
    await panel.page.mouse.move(left + (width * 620) / 1500, top + height / 2);
    await panel.page.waitForTimeout(100);
    const head = await panel.page.locator('.runs-table thead').innerText();
    assert.match(head, /loss @620/);
    const shown = await panel.page
      .locator('tr', { hasText: 's4d · d_state 64' })
      .locator('.at-cursor')
      .innerText();
    const { columns } = rowsOf(group('g6')).tables['train']!;
    assert.equal(shown, number3(columns['loss']![619]!));
  });

  it('shows every other number that the runs log, grouped, and keeps the grid open', async () => {
    const panel = await open();
    const extra = rowsOf(group('g3'));
    const steps = extra.tables['train']!.columns['step']!;
    const memory = Float64Array.from(steps, (step) => 1e8 + step);
    const columns = {
      ...extra.tables['train']!.columns,
      memory,
      'layers.0.rms': memory,
      'layers.1.rms': memory,
    };
    await panel.post({
      type: 'rows',
      runs: [{ ...extra, tables: { train: { count: steps.length, columns } } }],
      now: Date.now(),
      pending: 0,
    });
    await panel.page.locator('.more summary').click();
    await panel.page.waitForTimeout(150);
    const titles = await panel.page.locator('.more .chart-title span:first-child').allInnerTexts();
    for (const title of ['Memory', 'Layers.0.rms', 'Learning rate'])
      assert.ok(titles.includes(title), titles.join());
    assert.deepEqual(await panel.page.locator('.more h3').allInnerTexts(), ['layers.0', 'layers.1']);
    assert.equal((await panel.state<CurvesState>()).more, true);
    assert.ok((await inked(panel.page.locator('.more .plot').first(), rgb('#1f1f1f'))) > 0.01);
    const bar = panel.page.locator('.bar');
    assert.ok(await bar.evaluate((element) => element.scrollWidth <= element.clientWidth), 'the bar fits');
    await keep(panel.page, 'curves-more');
  });

  it('zooms by dragging, pans, goes back, and restores zoom, selection and smoothing after a reload', async () => {
    const panel = await open();
    const { left, top, width } = await geometry(panel);
    const { mouse } = panel.page;
    await mouse.move(left + width * 0.2, top + 60);
    await mouse.down();
    await mouse.move(left + width * 0.6, top + 80, { steps: 4 });
    await mouse.up();
    await panel.page.waitForTimeout(80);
    const zoom = (await attribute(panel, 'data-zoom'))!.split(',').map(Number);
    assert.ok(Math.abs(zoom[0]! - 300) < 6 && Math.abs(zoom[1]! - 900) < 6, `${zoom}`);
    assert.ok(Number(await attribute(panel, 'data-points')) < 700);
    await panel.page.getByRole('checkbox', { name: 'Show s4d', exact: true }).click({ force: true });
    await panel.page.getByLabel('Smoothing').fill('3');
    await panel.page.waitForTimeout(80);
    const state = await panel.state<CurvesState>();
    assert.deepEqual(state.zoom, zoom);
    assert.equal(state.smoothing, 0.7);
    const selected = await attribute(panel, 'data-selected');
    assert.equal(selected!.split(' ').length, 6);

    const again = await open({ state });
    await showing(() => attribute(again, 'data-zoom'), zoom.join(','));
    await showing(() => attribute(again, 'data-selected'), selected);
    assert.equal(await again.page.getByLabel('Smoothing').getAttribute('aria-valuetext'), '0.7');
    const place = await geometry(again);
    await again.page.mouse.dblclick(place.left + 50, place.top + 50);
    await again.page.waitForTimeout(80);
    await showing(() => attribute(again, 'data-zoom'), '');
  });

  it('zooms with the wheel only when Ctrl is held', async () => {
    const panel = await open();
    const { left, top, width } = await geometry(panel);
    await panel.page.mouse.move(left + width / 2, top + 50);
    await panel.page.mouse.wheel(0, -200);
    await panel.page.waitForTimeout(80);
    await showing(() => attribute(panel, 'data-zoom'), '');
    await panel.page.keyboard.down('Control');
    await panel.page.mouse.wheel(0, -200);
    await panel.page.keyboard.up('Control');
    await panel.page.waitForTimeout(80);
    const [low, high] = (await attribute(panel, 'data-zoom'))!.split(',').map(Number) as [number, number];
    assert.ok(low > 0 && high < 1500 && Math.abs((low + high) / 2 - 750) < 5);
  });

  it('is used from the keyboard', async () => {
    const panel = await open();
    const { plot } = await geometry(panel);
    await plot.focus();
    await panel.page.keyboard.press('Home');
    for (let i = 0; i < 3; i++) await panel.page.keyboard.press('ArrowRight');
    await panel.page.keyboard.press('ArrowUp');
    await panel.page.waitForTimeout(80);
    assert.match(await panel.page.locator('.sr-only[aria-live]').innerText(), /^step 4, .+, lowest of 7$/);
    await panel.page.keyboard.press('Enter');
    assert.equal((await panel.state<CurvesState>()).pinned, 4);
    await panel.page.keyboard.press('Escape');
    assert.equal((await panel.state<CurvesState>()).pinned, null);
    await panel.page.keyboard.press('+');
    assert.ok((await panel.state<CurvesState>()).zoom);
    await panel.page.keyboard.press('0');
    assert.equal((await panel.state<CurvesState>()).zoom, null);
    await panel.page.keyboard.press('l');
    assert.equal((await panel.state<CurvesState>()).logY, false);
    await panel.page.keyboard.press('t');
    await panel.page.getByTestId('data-table').waitFor();
  });

  it('shows the same numbers as a table', async () => {
    const panel = await open({}, nineRuns, 'g1');
    const { tables } = rowsOf(group('g1'));
    const values = (column: string) => (): Promise<string> =>
      panel.page
        .locator(`[data-testid=data-table] td[data-column=${column}]`)
        .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute('data-value'))).join(' '));
    await panel.page.getByTestId('show-table').click();
    await showing(values('loss'), tables['train']!.columns['loss']!.join(' '));
    await panel.page.getByLabel('Rows').selectOption('eval');
    await showing(values('accuracy'), tables['eval/validation']!.columns['accuracy']!.join(' '));
  });

  it('shows the last rows of a shorter run where a longer one was scrolled to its end', async () => {
    const runs = [30_000, 2500].map((steps, k) => ({
      ...nineRuns[k]!,
      group: `g${k}`,
      name: `r/${k}`,
      steps,
      at: steps,
    }));
    const panel = await open({}, runs, 'g0');
    await panel.page.getByTestId('show-table').click();
    const cells = panel.page.locator('[data-testid=data-table] td[data-column=step]');
    await cells.first().waitFor();
    await panel.page
      .locator('.data-scroll')
      .evaluate((element: HTMLElement) => (element.scrollTop = element.scrollHeight));
    await showing(() => cells.last().innerText(), '30000');
    await panel.page.getByLabel('Run', { exact: true }).selectOption({ index: 1 });
    await panel.page.getByText('2,500 rows').waitFor();
    await settled(panel.page);
    assert.equal((await cells.allInnerTexts()).at(-1), '2500');
  });

  it('follows a live run, and a resume that drops rows', async () => {
    const live: Shape = { ...group('g4'), group: 'live', palette: 0, at: 100 };
    const panel = await open({}, [live]);
    await showing(() => attribute(panel, 'data-last-step'), '100');
    await panel.post({ type: 'rows', runs: [rowsOf(live, 100, 240, false)], now: Date.now(), pending: 0 });
    await panel.page.waitForTimeout(100);
    await showing(() => attribute(panel, 'data-last-step'), '240');
    assert.match(await panel.page.locator('.bar .live').innerText(), /1 of 1 run live · 0\.\d s ago/);
    const back = { ...rowsOf({ ...live, at: 200 }), events: [{ step: 200, event: 'resume' }] };
    await panel.post({ type: 'rows', runs: [back], now: Date.now(), pending: 0 });
    await panel.page.waitForTimeout(100);
    await showing(() => attribute(panel, 'data-last-step'), '200');
    await keep(panel.page, 'curves-live-resumed');
  });

  it('says what failed or was interrupted and what to do', async () => {
    const failed: Shape = {
      ...group('g1'),
      status: 'failed',
      at: 640,
      error: 'The loss is not a number. Try a smaller learning rate.',
    };
    const lost: Shape = { ...group('g5'), status: 'interrupted', at: 860 };
    const panel = await open({}, [group('g3'), failed, lost]);
    const messages = panel.page.getByRole('alert');
    assert.match(
      await messages.first().innerText(),
      /stopped at step 640\. The loss is not a number\. Try a smaller learning rate\. Everything up to step 500 is saved\. Resume from step 500/,
    );
    assert.match(await messages.nth(1).innerText(), /was interrupted at step 860/);
    await messages.nth(1).getByText('Resume from step 500').click();
    assert.deepEqual((await panel.sent()).at(-1), {
      type: 'run-command',
      command: 'resume',
      run: '/workspace/runs/induction/s4d',
    });
    await messages.first().getByLabel('Dismiss').click();
    await panel.page.waitForTimeout(50);
    assert.equal(await messages.count(), 1);
    await keep(panel.page, 'curves-failed');
  });

  it('offers something to do when there are no runs, and waits with axes for the first value', async () => {
    const empty = await open({}, []);
    await empty.page.getByRole('button', { name: 'Train induction.ssm.yaml' }).click();
    assert.deepEqual((await empty.sent()).at(-1), { type: 'command', command: 'train' });
    await keep(empty.page, 'curves-empty');
    const waiting = await open({}, [{ ...group('g4'), at: 0 }]);
    assert.match(await waiting.page.locator('.runs-table tbody').innerText(), /compiling/);
    await showing(() => attribute(waiting, 'data-points'), '0');
    await keep(waiting.page, 'curves-waiting');
  });

  it('filters runs and says when none match', async () => {
    const panel = await open();
    await panel.page.getByLabel('Filter runs').fill('mixer:s4d');
    await panel.page.waitForTimeout(80);
    await showing(() => attribute(panel, 'data-selected'), 'g5 g6');
    await panel.page.getByLabel('Filter runs').fill('nothing');
    await panel.page.getByText('Clear filter').click();
    await panel.page.waitForTimeout(80);
    assert.equal((await attribute(panel, 'data-selected'))!.split(' ').length, 7);
  });

  it('exports a picture, a figure, numbers and a table', async () => {
    const panel = await open();
    for (const item of [
      'Save picture as PNG…',
      'Save figure as SVG…',
      'Save numbers as CSV…',
      'Copy table as Markdown',
    ]) {
      await panel.page.getByRole('button', { name: 'Export' }).click();
      await panel.page.getByRole('menuitem', { name: item }).click();
    }
    await panel.page.waitForFunction(
      () =>
        (window as unknown as { host: { sent: { type: string }[] } }).host.sent.filter(
          (m) => m.type === 'export' || m.type === 'copy',
        ).length === 4,
    );
    const sent = await panel.page.evaluate(() =>
      (
        window as unknown as {
          host: {
            sent: {
              type: string;
              kind?: string;
              name?: string;
              data?: string | Uint8Array;
              text?: string;
            }[];
          };
        }
      ).host.sent
        .filter((m) => m.type === 'export' || m.type === 'copy')
        .map((m) => ({
          ...m,
          data: typeof m.data === 'string' ? m.data : m.data ? [...m.data.slice(0, 8)] : undefined,
        })),
    );
    const of = (kind: string) => sent.find((message) => message.kind === kind)!;
    assert.deepEqual(of('png').data, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    assert.match(String(of('svg').data), /^<svg .*<title>Training curves<\/title>/s);
    const lines = String(of('csv').data).trim().split('\n');
    const count = nineRuns.reduce((sum, run) => sum + run.at + Math.floor(run.at / 50), 0);
    assert.equal(lines.length, count + 1);
    assert.match(
      String(sent.find((message) => message.type === 'copy')!.text),
      /^\| run \| mixer \|.*\n\| --- \|/,
    );
  });

  it('refuses messages that fit no schema and says so to the host', async () => {
    const panel = await open();
    await panel.post({ type: 'rows', runs: 'none' });
    await panel.page.waitForTimeout(50);
    const errors = (await panel.sent()).filter((message) => message.type === 'error');
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]!['message']), /not understood/);
    await panel.page.evaluate(() => {
      const { host } = window as unknown as { host: { sent: { type: string }[] } };
      host.sent = host.sent.filter((message) => message.type !== 'error');
    });
    await showing(() => attribute(panel, 'data-runs'), '9');
  });

  for (const theme of Object.keys(themes) as ThemeName[]) {
    it(`looks right in ${theme}: ink, no serious accessibility violation`, async () => {
      const panel = await open({ theme });
      const ground = rgb(themes[theme].variables['editor-background']!);
      const { plot } = await geometry(panel);
      const share = await inked(plot, ground);
      assert.ok(share > 0.05, `${share}`);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `curves-${theme}`);
    });
  }

  it('a run deleted under an open panel leaves chart, table and focus, and comes back with its new rows', async () => {
    const kept = nineRuns.filter((run) => run.group !== 'g3');
    const panel = await open({}, nineRuns, 'g3');
    await showing(() => attribute(panel, 'data-last-step'), '1500');
    await panel.post(runsMessage(kept));
    await showing(() => attribute(panel, 'data-runs'), '8');
    assert.ok(!(await attribute(panel, 'data-selected'))!.split(' ').includes('g3'));
    assert.equal(await panel.page.locator('.runs-table tbody tr').count(), 6);
    assert.equal((await panel.state<CurvesState>()).focused, null);
    const again: Shape = { ...group('g3'), at: 40 };
    await panel.post(runsMessage([...kept, again], 'g3'));
    await panel.post({ type: 'rows', runs: [rowsOf(again)], now: Date.now(), pending: 0 });
    await showing(() => attribute(panel, 'data-last-step'), '40');
    await showing(
      () => attribute(panel, 'data-last-loss'),
      String(rowsOf(again).tables['train']!.columns['loss']!.at(-1)),
    );
    await showing(() => attribute(panel, 'data-points'), '40');
  });

  it('leaves the lines of many rows to a worker, where they are zoomed and named all the same', async () => {
    const many = nineRuns
      .slice(3, 6)
      .map((run) => ({ ...run, steps: 30_000, at: 30_000, status: 'finished' as const }));
    const panel = await open({}, many);
    const first = panel.page.locator('.plot').first();
    await showing(() => first.getAttribute('data-lines'), 'worker');
    assert.ok((await inked(first.locator('.lines canvas'), rgb('#1f1f1f'))) > 0.01);
    const { left, top, width } = await geometry(panel);
    await panel.page.mouse.move(left + width / 2, top + 100);
    await panel.page.keyboard.down('Control');
    await panel.page.mouse.wheel(0, -300);
    await panel.page.keyboard.up('Control');
    await showing(async () => (await attribute(panel, 'data-zoom')) !== '', true);
    await showing(
      () => first.locator('.lines canvas').evaluate((canvas: HTMLElement) => canvas.style.transform),
      '',
    );
    assert.ok((await inked(first.locator('.lines canvas'), rgb('#1f1f1f'))) > 0.01);
    await showing(
      async () => (await panel.page.locator('.at-cursor').allInnerTexts()).every((text) => text !== '–'),
      true,
    );
    await keep(panel.page, 'curves-many-rows');
  });

  it('repaints when the theme changes', async () => {
    const panel = await open();
    await panel.setTheme('light');
    await panel.page.waitForTimeout(120);
    const { plot } = await geometry(panel);
    assert.ok((await inked(plot, [255, 255, 255])) < 0.5);
    await keep(panel.page, 'curves-theme-changed');
  });

  for (const width of [420, 300]) {
    it(`fits ${width} px without scrolling sideways`, async () => {
      const panel = await open({ width, height: 900 });
      assert.ok(await panel.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
      assert.equal(await panel.page.locator('.run-list li').count(), 7);
      assert.ok((await inked(panel.page.locator('.plot').first(), rgb('#1f1f1f'))) > 0.05);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `curves-${width}`);
    });
  }
});
