/** @file The Sweep view of the Curves panel: lines, brushes, axes that move, table, export, in four themes. */
import assert from 'node:assert/strict';
import type { CurvesState, ToCurves } from '../../src/protocol/view-curves';
import { rowsMessage, runsMessage } from './curves-fixture';
import type { OpenOptions, OpenPanel } from './harness';
import { inked, keep, rgb, seriousViolations } from './looks';
import { showing } from './showing';
import { sweepRuns } from './sweep-fixture';
import { describePanel } from './suite';
import { themes, type ThemeName } from './themes';

describePanel('the Sweep view', (suite) => {
  const runs = sweepRuns();
  const state = { version: 1, panel: 'test', view: 'sweep' };

  const open = async (options: OpenOptions = {}): Promise<OpenPanel> => {
    const panel = await suite.open('curves', { state, ...options });
    await panel.post(runsMessage(runs));
    await panel.post(rowsMessage(runs));
    await panel.page.getByTestId('sweep').waitFor();
    await panel.page.waitForTimeout(200);
    return panel;
  };
  const kept = async (panel: OpenPanel): Promise<number> =>
    Number(await panel.page.getByTestId('sweep').getAttribute('data-kept'));
  /** Page pixels of an axis and of a share of its height. */
  const onAxis = async (panel: OpenPanel, id: string, share: number): Promise<{ x: number; y: number }> => {
    const plot = panel.page.locator('.parallel');
    const box = (await plot.boundingBox())!;
    const axes = new Map(
      (await plot.getAttribute('data-axes'))!.split(' ').map((part) => {
        const at = part.lastIndexOf(':');
        return [part.slice(0, at), Number(part.slice(at + 1))] as const;
      }),
    );
    const [top, bottom] = (await plot.getAttribute('data-span'))!.split(',').map(Number) as [number, number];
    return { x: box.x + axes.get(id)!, y: box.y + bottom + (top - bottom) * share };
  };
  const drag = async (
    panel: OpenPanel,
    from: { x: number; y: number },
    to: { x: number; y: number },
  ): Promise<void> => {
    const { mouse } = panel.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(to.x, to.y, { steps: 5 });
    await mouse.up();
    await panel.page.waitForTimeout(80);
  };

  it('ranks the configs, best first, and says which key matters most', async () => {
    const panel = await open();
    assert.equal(await kept(panel), runs.length);
    const cells = await panel.page
      .getByTestId('sweep-table')
      .locator('tbody tr')
      .first()
      .locator('td')
      .allInnerTexts();
    assert.equal(cells[0], '1');
    assert.equal(cells[1], 'mamba');
    const losses = await panel.page
      .getByTestId('sweep-table')
      .locator('tbody tr td:nth-child(7)')
      .allInnerTexts();
    const numbers = losses.map((loss) => Number(loss.replaceAll('−', '-')));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.match(
      await panel.page.locator('#effects-summary').innerText(),
      /^(mixer|lr) changes the median val loss most: /,
    );
  });

  it('brushes axes, combines them, and clears them by a click and by Escape', async () => {
    const panel = await open();
    await drag(panel, await onAxis(panel, 'lr', 0.55), await onAxis(panel, 'lr', 1));
    const many = runs.filter((run) => Number(run.keys['lr']) >= 3e-3).length;
    assert.equal(await kept(panel), many);
    await drag(panel, await onAxis(panel, 'mixer', 0.4), await onAxis(panel, 'mixer', 0.6));
    const mamba = runs.filter((run) => Number(run.keys['lr']) >= 3e-3 && run.keys['mixer'] === 'mamba');
    assert.equal(await kept(panel), mamba.length);
    assert.match(
      await panel.page.locator('.sweep-main .unit').first().innerText(),
      /brushed: mixer mamba, lr 3e−3 to 0.01/,
    );
    const point = await onAxis(panel, 'mixer', 0.5);
    await drag(panel, point, point);
    assert.equal(await kept(panel), many);
    await panel.page.locator('.parallel').press('Escape');
    assert.equal(await kept(panel), runs.length);
  });

  it('brushes by finger along an axis, and scrolls beside it', async () => {
    const panel = await open({ height: 420 });
    const cdp = await panel.page.context().newCDPSession(panel.page);
    await cdp.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x = 0, y = 0) =>
      cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    const swipe = async (x: number, from: number, to: number): Promise<void> => {
      await touch('touchStart', x, from);
      for (let k = 1; k <= 8; k++) await touch('touchMove', x, from + ((to - from) * k) / 8);
      await touch('touchEnd');
    };
    const scrolled = (): Promise<number> => panel.page.evaluate(() => document.scrollingElement!.scrollTop);
    const [low, high] = [await onAxis(panel, 'lr', 0.55), await onAxis(panel, 'lr', 1)];
    await swipe(low.x, low.y, high.y);
    await showing(() => kept(panel), runs.filter((run) => Number(run.keys['lr']) >= 3e-3).length);
    assert.equal(await scrolled(), 0);
    const brushed = await kept(panel);
    await swipe(low.x + 40, low.y, high.y);
    await showing(async () => (await scrolled()) > 0, true);
    assert.equal(await kept(panel), brushed);
  });

  it('moves an axis by its title and keeps order, brushes and target over a reload', async () => {
    const panel = await open();
    const title = await onAxis(panel, 'd_model', 1);
    const first = await onAxis(panel, 'mixer', 1);
    await drag(panel, { x: title.x, y: title.y - 32 }, { x: first.x - 20, y: first.y - 32 });
    await panel.page.getByLabel('Target').selectOption('accuracy');
    await drag(panel, await onAxis(panel, 'd_state', 0.9), await onAxis(panel, 'd_state', 1));
    const stored = await panel.state<CurvesState>();
    assert.equal(stored.axisOrder[0], 'd_model');
    assert.equal(stored.target, 'accuracy');
    const again = await open({ state: stored });
    assert.match((await again.page.locator('.parallel').getAttribute('data-axes'))!, /^d_model:/);
    assert.equal(await kept(again), runs.filter((run) => run.keys['d_state'] === 16).length);
  });

  it('leaves the order to itself where a title is only clicked', async () => {
    const panel = await open();
    const title = await onAxis(panel, 'd_model', 1);
    await drag(panel, { x: title.x, y: title.y - 32 }, { x: title.x + 2, y: title.y - 32 });
    assert.deepEqual((await panel.state<CurvesState>()).axisOrder, []);
  });

  it('marks the run under the pointer in the table, and opens its config', async () => {
    const panel = await open();
    const row = panel.page.getByTestId('sweep-table').locator('tbody tr').first();
    await row.hover();
    assert.match((await row.getAttribute('class'))!, /hovered/);
    await row.getByRole('button', { name: 'Open config' }).click();
    const sent = await panel.sent();
    assert.ok(sent.some((message) => message['command'] === 'open-config'));
  });

  it('exports the figure and the numbers', async () => {
    const panel = await open();
    for (const label of ['Save figure as SVG…', 'Save numbers as CSV…']) {
      await panel.page.getByRole('button', { name: 'Export' }).click();
      await panel.page.getByRole('menuitem', { name: label }).click();
    }
    await panel.page.waitForTimeout(100);
    const saved = (await panel.sent()).filter((message) => message.type === 'export');
    const svg = saved.find((message) => message['kind'] === 'svg');
    assert.match(String(svg?.['data']), /^<svg[^]*Swept keys and results[^]*Effect of each key/);
    const csv = String(saved.find((message) => message['kind'] === 'csv')?.['data'])
      .trim()
      .split('\n');
    assert.equal(csv.length, runs.length + 1);
    assert.match(csv[0]!, /^config,mixer,d_model,d_state,lr,parameters,best val loss \(nats\)/);
  });

  it('compares by time, in the panel and in the figure that is saved, where nothing was evaluated', async () => {
    const panel = await suite.open('curves', { state });
    await panel.post(runsMessage(runs));
    const message = rowsMessage(runs) as Extract<ToCurves, { type: 'rows' }>;
    const trained = message.runs.map((run) => ({ ...run, tables: { train: run.tables['train'] } }));
    await panel.post({ ...message, runs: trained });
    await panel.page.getByTestId('sweep').waitFor();
    await showing(
      async () => (await panel.page.locator('.sweep-side .unit').first().innerText()).split(' ')[0],
      'time',
    );
    await panel.page.getByRole('button', { name: 'Export' }).click();
    await panel.page.getByRole('menuitem', { name: 'Save figure as SVG…' }).click();
    await showing(async () => (await panel.sent()).some(({ type }) => type === 'export'), true);
    const svg = String((await panel.sent()).find(({ type }) => type === 'export')?.['data']);
    assert.match(svg, /^<svg[^]*best time, s/);
    assert.doesNotMatch(svg, /NaN|Infinity/);
  });

  for (const name of Object.keys(themes) as ThemeName[]) {
    it(`is drawn in ${name}, without serious accessibility violations`, async () => {
      const panel = await open({ theme: name, width: 1360, height: 760 });
      const background = rgb(themes[name].variables['editor-background']!);
      assert.ok((await inked(panel.page.locator('.parallel'), background)) > 0.05);
      assert.deepEqual(await seriousViolations(panel.page), []);
      await keep(panel.page, `sweep-${name}`);
    });
  }

  it('fits a narrow panel', async () => {
    const panel = await open({ width: 640, height: 1400 });
    const overflow = await panel.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px wider than the panel`);
    await keep(panel.page, 'sweep-narrow');
  });
});
