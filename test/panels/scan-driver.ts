/** @file The Scan panel as its host sees it: opened, answered, asked what it shows and where. */
import type { OpenOptions, OpenPanel } from './harness';
import { attentionLayer, inspection, type ScanOptions } from './scan-fixture';
import { settled } from './showing';
import type { PanelSuite } from './suite';

export function scanDriver(suite: PanelSuite) {
  const asked = async (panel: OpenPanel) => {
    await settled(panel.page);
    return (await panel.sent()).findLast((message) => message.type === 'inspect')!;
  };
  const answer = async (panel: OpenPanel, options: ScanOptions = {}): Promise<void> => {
    const question = await asked(panel);
    const found = options.layer === 2 ? attentionLayer() : inspection(options);
    await panel.post({ type: 'inspection', request: question['request'], inspection: found });
    await panel.page.waitForTimeout(150);
  };
  const open = async (options: OpenOptions = {}, scan: ScanOptions = {}): Promise<OpenPanel> => {
    const panel = await suite.open('scan', { height: 1000, ...options });
    await panel.post({ type: 'target', name: 'induction/mamba-0', trained: true });
    await answer(panel, scan);
    return panel;
  };
  const attribute = (panel: OpenPanel, name: string): Promise<string | null> =>
    panel.page.getByTestId('scan').getAttribute(name);
  const cell = async (panel: OpenPanel, t: number, row: string, share = 0.5): Promise<[number, number]> => {
    const plot = panel.page.locator('.sequence .plot');
    const box = (await plot.boundingBox())!;
    const read = async (name: string): Promise<number> => Number(await plot.getAttribute(`data-${name}`));
    const place = (await plot.getAttribute('data-rows'))!
      .split(' ')
      .find((entry) => entry.startsWith(`${row}:`));
    const [, y, height] = place ? place.split(':').map(Number) : [0, await read('tokens-y'), 24];
    const x = (await read('left')) + (t - (await read('from')) + 0.5) * (await read('cell'));
    return [box.x + x, box.y + y! + height! * share];
  };
  return { asked, answer, open, attribute, cell };
}
