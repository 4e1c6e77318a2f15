/**
 * @file The Curves panel with 1,000,000 points in 20 runs: one step of zooming until it is painted, in headless
 * Chromium with software rendering, against uPlot with the same numbers. Needs the checkout's playwright-core and
 * uplot, and Chromium (`CHROMIUM` names another).
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeNonce, panelPage } from '../../src/extension/panels/html';
import type { BenchCase, Contestant } from '../harness';

const RUNS = 20;
const ROWS = 50_000;
const WIDTH = 1360;
const HEIGHT = 720;

/** Folder of the program, `dist` of the checkout. */
const dist = path.dirname(path.resolve(process.argv[1] ?? 'dist/cli.js'));
const root = path.dirname(dist);

interface Page {
  goto(url: string): Promise<unknown>;
  route(url: string, handle: (route: Route) => Promise<void>): Promise<void>;
  addInitScript(script: string): Promise<unknown>;
  waitForFunction(script: string, argument?: unknown, options?: { timeout: number }): Promise<unknown>;
  evaluate<T>(script: string): Promise<T>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
}
interface Route {
  request(): { url(): string };
  fulfill(answer: { status: number; contentType: string; body: string }): Promise<void>;
}
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

function tools(): { launch(): Promise<Browser>; uplot: { script: string; style: string } } {
  // Asked for at run time, so that no bundler looks for them.
  const { createRequire } = process.getBuiltinModule('node:module');
  const require = createRequire(path.join(root, 'package.json'));
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  if (!fs.existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}.`);
  const { chromium } = require('playwright-core') as {
    chromium: { launch(options: object): Promise<Browser> };
  };
  const folder = path.dirname(require.resolve('uplot/package.json'));
  return {
    launch: () => chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }),
    uplot: {
      script: fs.readFileSync(path.join(folder, 'dist', 'uPlot.iife.min.js'), 'utf8'),
      style: fs.readFileSync(path.join(folder, 'dist', 'uPlot.min.css'), 'utf8'),
    },
  };
}

/** In the page: `numbers(run)` gives the loss of a run, a fall over two decades with noise. */
const numbers = `
globalThis.numbers = (run) => {
  let state = (run * 2654435761 + 1) >>> 0 || 1;
  const random = () => ((state = (state * 1664525 + 1013904223) >>> 0), state / 4294967296);
  return Float64Array.from({ length: ${ROWS} }, (_, i) =>
    (0.02 * (run + 1) + 3 * Math.exp(-i / (2000 + 500 * run))) * Math.exp(0.3 * (random() - 0.5)));
};
/** Milliseconds from a change to the frame after the one in which it is drawn. */
globalThis.painted = (change) => new Promise((resolve) => {
  requestAnimationFrame(() => {
    const start = performance.now();
    change();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(performance.now() - start);
      channel.port2.postMessage(0);
    });
  });
});`;

/** What the editor gives a page: an API, and the rows of the runs as messages. */
const host = `
globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} });
globalThis.fill = () => {
  const now = Date.now();
  const runs = Array.from({ length: ${RUNS} }, (_, run) => ({
    id: '/runs/a/' + run, name: 'a/' + run, config: 'a', group: 'g' + run, palette: run, status: 'finished',
    seed: 0, steps: ${ROWS}, keys: { mixer: 'mamba', d_state: run + 1 }, checkpoints: [],
  }));
  window.postMessage({ type: 'runs', runs, now }, '*');
  for (let run = 0; run < ${RUNS}; run++) {
    const loss = numbers(run);
    const step = Float64Array.from(loss, (_, i) => i + 1);
    const tables = { train: { count: ${ROWS}, columns: { step, loss } } };
    window.postMessage({ type: 'rows', runs: [{ id: '/runs/a/' + run, reset: true, tables }], now, pending: 0 }, '*');
  }
};`;

const origin = 'http://panel.test';

async function openPage(
  browser: Browser,
  files: ReadonlyMap<string, readonly [string, string]>,
): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewportSize({ width: WIDTH, height: HEIGHT });
  await page.addInitScript(numbers);
  await page.route(`${origin}/**`, async (route) => {
    const [contentType, body] = files.get(new URL(route.request().url()).pathname) ?? ['text/plain', ''];
    await route.fulfill({ status: 200, contentType, body });
  });
  return page;
}

/** Alternates between the whole range and a tenth of it. */
class Zoom implements Contestant {
  #turn = 0;

  constructor(
    readonly name: string,
    private readonly browser: Browser,
    private readonly page: Page,
    private readonly change: (turn: number) => string,
  ) {}

  async run(): Promise<{ ms: number }> {
    return { ms: await this.page.evaluate<number>(`painted(() => { ${this.change(this.#turn++)} })`) };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

async function ours(): Promise<Contestant> {
  const browser = await tools().launch();
  const style = `${origin}/curves.css`;
  const script = `${origin}/curves.js`;
  const html = panelPage({
    title: 'curves',
    script,
    style,
    cspSource: origin,
    nonce: makeNonce(),
    panel: 'all',
  });
  const read = (name: string): string => fs.readFileSync(path.join(dist, 'media', name), 'utf8');
  const page = await openPage(
    browser,
    new Map([
      ['/', ['text/html', html]],
      ['/curves.js', ['text/javascript', read('curves.js')]],
      ['/curves.css', ['text/css', read('curves.css')]],
    ]),
  );
  await page.addInitScript(host);
  await page.goto(`${origin}/`);
  await page.waitForFunction(`document.querySelector('[data-testid=curves]') !== null`);
  await page.evaluate('fill()');
  await page.waitForFunction(
    `document.querySelector('[data-testid=curves]')?.dataset.lastStep === '${ROWS}'`,
    undefined,
    { timeout: 60_000 },
  );
  // The wheel with Ctrl zooms at the pointer; out and in again in turns.
  return new Zoom('ours', browser, page, (turn) => {
    const delta = Math.floor(turn / 6) % 2 === 0 ? -240 : 240;
    return `
      const plot = document.querySelector('.chart .plot');
      const box = plot.getBoundingClientRect();
      const at = { clientX: box.left + 300, clientY: box.top + 150, bubbles: true, cancelable: true };
      plot.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: ${delta}, ctrlKey: true }));`;
  });
}

async function peers(): Promise<Contestant[]> {
  const { launch, uplot } = tools();
  const browser = await launch();
  const html = `<!DOCTYPE html><style>${uplot.style}</style><body></body><script>${uplot.script}</script>`;
  const page = await openPage(browser, new Map([['/', ['text/html', html]]]));
  await page.goto(`${origin}/`);
  await page.evaluate(`
    const steps = Float64Array.from({ length: ${ROWS} }, (_, i) => i + 1);
    const data = [steps, ...Array.from({ length: ${RUNS} }, (_, run) => numbers(run))];
    const series = [{}, ...data.slice(1).map((_, run) => ({ stroke: 'hsl(' + run * 18 + ' 60% 40%)', width: 1.75 }))];
    globalThis.plot = new uPlot(
      { width: 860, height: 352, series, legend: { show: false }, scales: { x: { time: false }, y: { distr: 3 } } },
      data, document.body);
    undefined;`);
  return [
    new Zoom('uPlot', browser, page, (turn) => {
      const share = 0.8 ** (turn % 12 < 6 ? turn % 6 : 6 - (turn % 6));
      return `plot.setScale('x', { min: 15000 * (1 - ${share}), max: 15000 + 35000 * ${share} });`;
    }),
  ];
}

export const curvesCase: BenchCase = {
  name: 'curves/1e6',
  about: `one step of zooming over ${RUNS} runs of ${ROWS.toLocaleString('en')} points until it is painted; 95 % to stay below 25 ms`,
  repetitions: 40,
  ours,
  peers,
};
