/** @file The Scan panel where only a part of a sequence has room or is zoomed to. */
import assert from 'node:assert/strict';
import type { ScanState } from '../../src/protocol/view-scan';
import { keep } from './looks';
import { scanDriver } from './scan-driver';
import { hydraLayer } from './scan-fixture';
import { settled, showing } from './showing';
import { describePanel } from './suite';

describePanel('a part of a sequence in the Scan panel', (suite) => {
  const { asked, open, attribute, cell } = scanDriver(suite);

  it('shows a window of long sequences and moves it by the overview', async () => {
    const panel = await open({}, { length: 700, channels: 16 });
    const plot = panel.page.locator('.sequence .plot');
    assert.ok(
      Number(await plot.getAttribute('data-to')) - Number(await plot.getAttribute('data-from')) < 700,
    );
    const box = (await plot.boundingBox())!;
    const left = Number(await plot.getAttribute('data-left'));
    await panel.page.mouse.click(box.x + left + 4, box.y + 10);
    await panel.page.waitForTimeout(80);
    assert.ok(Number(await attribute(panel, 'data-position')) < 20);
    assert.equal(await plot.getAttribute('data-from'), '0');
    await keep(panel.page, 'scan-long');
  });

  it('takes the playhead along the overview, and what is zoomed to with it', async () => {
    const panel = await open({}, { length: 700, channels: 16 });
    const plot = panel.page.locator('.sequence .plot');
    const shown = async (): Promise<number[]> => [
      Number(await plot.getAttribute('data-from')),
      Number(await plot.getAttribute('data-to')),
    ];
    await plot.waitFor();
    const box = (await plot.boundingBox())!;
    const left = box.x + Number(await plot.getAttribute('data-left'));
    const [first, last] = (await shown()) as [number, number];
    const span = (last - first) * Number(await plot.getAttribute('data-cell'));
    const { mouse, keyboard } = panel.page;
    const isAt = async (t: number): Promise<boolean> =>
      Math.abs(Number(await attribute(panel, 'data-position')) - t) <= 1;
    await mouse.move(left + 0.1 * span, box.y + 12);
    await mouse.down();
    await showing(() => isAt(70), true);
    await mouse.move(left + 0.9 * span, box.y + 14, { steps: 4 });
    await mouse.up();
    await showing(() => isAt(630), true);
    // Zoomed to a part, the overview moves that part.
    await mouse.move(left + span / 2, box.y + 120);
    await keyboard.down('Control');
    for (let k = 0; k < 5; k++) {
      await mouse.wheel(0, -100);
      await settled(panel.page);
    }
    await keyboard.up('Control');
    const [from, to] = (await shown()) as [number, number];
    assert.ok(to - from < (last - first) / 8, `${from} to ${to}`);
    const still = (to - from) * Number(await plot.getAttribute('data-cell'));
    await mouse.click(left + 0.2 * still, box.y + 12);
    await settled(panel.page);
    const moved = (await shown()) as [number, number];
    assert.equal(moved[1] - moved[0], to - from);
    // To a pixel of the overview, which is some positions wide.
    assert.ok(Math.abs((moved[0] + moved[1]) / 2 - 140) <= 1400 / still, `${moved}`);
    await mouse.dblclick(left + 10, box.y + 120);
    await settled(panel.page);
    assert.equal((await panel.state<ScanState>()).zoom, null);
  });

  it('zooms as far as two fingers that pinch slowly, and moves by less than a token at a time', async () => {
    const panel = await open();
    const plot = panel.page.locator('.sequence .plot');
    const shown = async (): Promise<number> =>
      Number(await plot.getAttribute('data-to')) - Number(await plot.getAttribute('data-from'));
    const [x, y] = await cell(panel, 16, 'delta');
    const { mouse, keyboard } = panel.page;
    await mouse.move(x, y);
    await keyboard.down('Control');
    // 60 events of 1 px zoom by a factor of exp(0.6), though not one of them by a whole token.
    for (let k = 0; k < 60; k++) {
      await mouse.wheel(0, -1);
      await panel.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    await keyboard.up('Control');
    await settled(panel.page);
    const count = await shown();
    assert.ok(Math.abs(count - 32 * Math.exp(-0.6)) <= 1, `${count} of 32 tokens`);
    const from = Number(await plot.getAttribute('data-from'));
    const size = Number(await plot.getAttribute('data-cell'));
    for (let k = 0; k < 4; k++) {
      await mouse.wheel(size / 4, 0);
      await panel.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    await settled(panel.page);
    assert.equal(Number(await plot.getAttribute('data-from')), from + 1);
    assert.equal(await shown(), count);
  });

  it('keeps the playhead in sight where a part is zoomed to', async () => {
    const panel = await open({ state: { version: 1, target: 'test', position: 13, zoom: [8, 16] } });
    const plot = panel.page.locator('.sequence .plot');
    await plot.focus();
    for (const [key, position, from] of [
      ['ArrowRight', 14, 8],
      ['Shift+ArrowRight', 22, 15],
      ['Home', 0, 0],
      ['End', 31, 24],
    ] as const) {
      await panel.page.keyboard.press(key);
      await showing(() => attribute(panel, 'data-position'), String(position));
      await showing(() => plot.getAttribute('data-from'), String(from));
    }
  });

  it('says what is under the pointer within the picture, at its last token and in a narrow panel', async () => {
    const panel = await suite.open('scan', { height: 1400, width: 420 });
    await panel.post({ type: 'target', name: 'hydra', trained: true });
    const question = await asked(panel);
    await panel.post({ type: 'inspection', request: question['request'], inspection: hydraLayer() });
    await panel.page.waitForTimeout(150);
    for (const t of [0, 16, 31]) {
      await panel.page.mouse.move(...(await cell(panel, t, 'parts')));
      await settled(panel.page);
      const box = (await panel.page.locator('.tip').boundingBox())!;
      const plot = (await panel.page.locator('.sequence .plot').boundingBox())!;
      assert.ok(
        box.x >= plot.x - 1 && box.x + box.width <= plot.x + plot.width + 1,
        JSON.stringify({ t, box, plot }),
      );
    }
  });
});
