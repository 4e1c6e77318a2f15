/**
 * @file The Curves panel with 1,000,000 points in 20 runs, in headless Chromium with software rendering, by the
 * browser's own trace: frames of zooming and panning, and the first picture. Against uPlot with all points, and against
 * TensorBoard's way, which keeps a random sample of 1,000 rows a run, drawn with uPlot too. Both draw one chart; ours
 * has the table of runs with its sparklines, the other charts and a smoothed line over the raw values besides.
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeNonce, panelPage } from '../../src/extension/panels/html';
import { BrowserPage, dist, origin, packaged, type Trace } from '../browser';
import type { BenchCase, Contestant, Sample } from '../harness';

const RUNS = 20;
const ROWS = 50_000;
/** Rows a run that TensorBoard keeps unless told otherwise. */
const SAMPLE = 1000;
const FRAMES = 40;

/** In the page: `numbers(run)` gives the loss of a run, a fall over two decades with noise. */
const numbers = `
globalThis.numbers = (run) => {
  let state = (run * 2654435761 + 1) >>> 0 || 1;
  const random = () => ((state = (state * 1664525 + 1013904223) >>> 0), state / 4294967296);
  return Float64Array.from({ length: ${ROWS} }, (_, i) =>
    (0.02 * (run + 1) + 3 * Math.exp(-i / (2000 + 500 * run))) * Math.exp(0.3 * (random() - 0.5)));
};
globalThis.losses = Array.from({ length: ${RUNS} }, (_, run) => numbers(run));
globalThis.steps = Float64Array.from({ length: ${ROWS} }, (_, i) => i + 1);
/** One change a frame: zooming in, out, panning there and back. */
globalThis.gesture = (change) => new Promise((resolve) => {
  let turn = 0;
  const frame = () => {
    if (turn === ${FRAMES}) {
      performance.mark('bench-gesture');
      return setTimeout(resolve, 200);
    }
    change(turn++);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});`;

/** What the editor gives a page: an API, and once the rows of the runs as messages. */
const host = `
globalThis.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} });
globalThis.fill = () => {
  performance.mark('bench-rows');
  const now = Date.now();
  const runs = Array.from({ length: ${RUNS} }, (_, run) => ({
    id: '/runs/a/' + run, name: 'a/' + run, config: 'a', group: 'g' + run, palette: run, status: 'finished',
    seed: 0, steps: ${ROWS}, keys: { mixer: 'mamba', d_state: run + 1 }, checkpoints: [],
  }));
  window.postMessage({ type: 'runs', runs, now }, '*');
  const step = { start: 1, stride: 1 };
  const rows = runs.map(({ id }, run) =>
    ({ id, reset: true, tables: { train: { count: ${ROWS}, columns: { step, loss: losses[run] } } } }));
  // As the host sends them, at most 200,000 rows a message, and as the editor hands them over, without a copy.
  for (let run = 0; run < ${RUNS}; run += 4) {
    const pending = (${RUNS} - run - 4) * ${ROWS};
    const buffers = losses.slice(run, run + 4).map(({ buffer }) => buffer);
    window.postMessage({ type: 'rows', runs: rows.slice(run, run + 4), now, pending }, '*', buffers);
  }
};
globalThis.filled = () => new Promise((resolve) => {
  const done = () => {
    const page = document.querySelector('[data-testid=curves]');
    const plot = document.querySelector('.chart .plot');
    // The picture of the last run is there when its end has a name.
    return plot?.dataset.lines === 'worker' && plot.dataset.ends === '${RUNS}' && page.dataset.lastStep === '${ROWS}';
  };
  const frame = () => {
    if (!done()) return requestAnimationFrame(frame);
    performance.mark('bench-lines');
    setTimeout(resolve, 300);
  };
  requestAnimationFrame(frame);
});`;

/** 95 % of the frames took less. */
const late = (frames: readonly number[]): number =>
  frames.toSorted((a, b) => a - b)[Math.ceil(0.95 * frames.length) - 1]!;

const asFrames = (trace: Trace): Sample => {
  const frames = trace.intervals('bench-gesture');
  return { ms: late(frames), cpu_ms: trace.processor(false) / frames.length };
};
const asFirst = (trace: Trace): Sample => ({
  ms: trace.shown('bench-rows', 'bench-lines'),
  cpu_ms: trace.processor(true),
});

/** A page that is measured by one script again and again. */
class Measured implements Contestant {
  constructor(
    readonly name: string,
    private readonly at: BrowserPage,
    private readonly script: string,
    private readonly read: (trace: Trace) => Sample,
    private readonly fresh: boolean,
  ) {}

  async run(): Promise<Sample> {
    if (this.fresh) await this.at.page.goto(`${origin}/`);
    return this.read(await this.at.trace(this.script));
  }

  close(): Promise<void> {
    return this.at.close();
  }
}

async function openPanel(): Promise<BrowserPage> {
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
  const javascript = 'text/javascript; charset=utf-8';
  const files = new Map<string, [string, string]>([
    ['/', ['text/html; charset=utf-8', html]],
    ['/curves.js', [javascript, read('curves.js')]],
    ['/curves-worker.js', [javascript, read('curves-worker.js')]],
    ['/curves.css', ['text/css', read('curves.css')]],
  ]);
  const opened = await BrowserPage.open(files, numbers + host);
  await opened.page.goto(`${origin}/`);
  return opened;
}

async function ours(first: boolean): Promise<Contestant> {
  const opened = await openPanel();
  if (first) return new Measured('ours', opened, 'fill(); filled()', asFirst, true);
  await opened.page.evaluate('fill(); filled()');
  // The wheel with Ctrl zooms at the pointer, sideways it pans.
  const script = `gesture((turn) => {
    const plot = document.querySelector('.chart .plot');
    const box = plot.getBoundingClientRect();
    const quarter = Math.floor(turn / ${FRAMES / 4});
    const at = { clientX: box.left + 300, clientY: box.top + 150, bubbles: true, cancelable: true };
    plot.dispatchEvent(new WheelEvent('wheel', quarter % 3 === 0
      ? { ...at, deltaY: quarter === 0 ? -60 : 60, ctrlKey: true }
      : { ...at, deltaX: quarter === 1 ? 20 : -20 }));
  })`;
  return new Measured('ours', opened, script, asFrames, false);
}

/** @param rows that are kept of a run; all without it */
async function peer(name: string, first: boolean, rows?: number): Promise<Contestant> {
  const page = `<!DOCTYPE html><meta charset="utf-8"><style>${packaged('uplot', 'dist/uPlot.min.css')}</style>
    <body></body><script>${packaged('uplot', 'dist/uPlot.iife.min.js')}</script>`;
  // A reservoir is a uniform sample of the rows; the last one is always kept.
  const make = `
globalThis.kept = (loss) => {
  if (${rows ?? ROWS} === ${ROWS}) return loss;
  let state = 12345;
  const random = () => ((state = (state * 1664525 + 1013904223) >>> 0), state / 4294967296);
  const chosen = new Set([${ROWS - 1}]);
  while (chosen.size < ${rows ?? 0}) chosen.add(Math.floor(random() * ${ROWS}));
  globalThis.steps = Float64Array.from([...chosen].sort((a, b) => a - b), (i) => i + 1);
  return Float64Array.from(steps, (step) => loss[step - 1]);
};
globalThis.fill = () => {
  performance.mark('bench-rows');
  const all = losses.map((loss) => kept(loss));
  const series = [{}, ...all.map((_, run) => ({ stroke: 'hsl(' + run * 18 + ' 60% 40%)', width: 1.75 }))];
  const options = { width: 860, height: 352, series, legend: { show: false }, scales: { x: { time: false }, y: { distr: 3 } } };
  globalThis.plot = new uPlot(options, [steps, ...all], document.body);
};
globalThis.filled = () => new Promise((resolve) => requestAnimationFrame(() => {
  performance.mark('bench-lines');
  setTimeout(resolve, 300);
}));`;
  const files = new Map<string, [string, string]>([['/', ['text/html; charset=utf-8', page]]]);
  const opened = await BrowserPage.open(files, numbers + make);
  await opened.page.goto(`${origin}/`);
  if (first) return new Measured(name, opened, 'fill(); filled()', asFirst, true);
  await opened.page.evaluate('fill(); filled()');
  const script = `gesture((turn) => {
    const quarter = Math.floor(turn / ${FRAMES / 4});
    const within = turn % ${FRAMES / 4};
    const share = 0.835 ** (quarter === 0 ? within : quarter === 3 ? ${FRAMES / 4} - within : ${FRAMES / 4});
    const moved = (quarter === 1 ? within : quarter === 2 ? ${FRAMES / 4} - within : 0) * 0.03 * share * ${ROWS};
    plot.setScale('x', { min: 15000 * (1 - share) + moved, max: 15000 + 35000 * share + moved });
  })`;
  return new Measured(name, opened, script, asFrames, false);
}

const peers = (first: boolean) => async (): Promise<Contestant[]> => [
  await peer('uPlot, all points', first),
  await peer('uPlot, a sample of 1,000 a run', first, SAMPLE),
];

const what = `${RUNS} runs of ${ROWS.toLocaleString('en')} points`;

export const curvesCases: readonly BenchCase[] = [
  {
    name: 'curves/frame',
    about: `zooming and panning over ${what}: time from one frame on the screen to the next, 95 % of the ${FRAMES} of a gesture, to stay below 25 ms; processor time of the page's thread a frame`,
    against: ['uPlot, all points'],
    repetitions: 5,
    ours: () => ours(false),
    peers: peers(false),
  },
  {
    name: 'curves/first-paint',
    about: `${what} until all are on the screen after their rows have come, to stay below 500 ms; processor time of the page and its worker`,
    against: ['uPlot, all points'],
    repetitions: 5,
    ours: () => ours(true),
    peers: peers(true),
  },
];
