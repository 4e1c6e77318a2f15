/**
 * @file A page in headless Chromium with software rendering, and what the browser's own trace says of its frames. Needs
 * the checkout's playwright-core and Chromium (`CHROMIUM` names another).
 */
import fs from 'node:fs';
import path from 'node:path';

/** Folder of the program, `dist` of the checkout. */
export const dist = path.dirname(path.resolve(process.argv[1] ?? 'dist/cli.js'));
const root = path.dirname(dist);

export const origin = 'http://panel.test';

interface Route {
  request(): { url(): string };
  fulfill(answer: { status: number; contentType: string; body: string }): Promise<void>;
}
export interface Page {
  goto(url: string): Promise<unknown>;
  route(url: string, handle: (route: Route) => Promise<void>): Promise<void>;
  addInitScript(script: string): Promise<unknown>;
  waitForFunction(script: string, argument?: unknown, options?: { timeout: number }): Promise<unknown>;
  evaluate<T>(script: string): Promise<T>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
}
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
  startTracing(page: Page, options: { categories: readonly string[] }): Promise<void>;
  stopTracing(): Promise<Buffer>;
}

// Asked for at run time, so that no bundler looks for them.
const requireThere = (): NodeJS.Require =>
  process.getBuiltinModule('node:module').createRequire(path.join(root, 'package.json'));

/** A file of a package of the checkout. */
export function packaged(name: string, file: string): string {
  const folder = path.dirname(requireThere().resolve(`${name}/package.json`));
  return fs.readFileSync(path.join(folder, file), 'utf8');
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** µs */
  readonly ts: number;
  /** µs of processor time */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

const categories = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'blink.user_timing',
  'viz',
  'benchmark',
];

export class BrowserPage {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  /** @param files by path, as content type and text */
  static async open(
    files: ReadonlyMap<string, readonly [string, string]>,
    initScript: string,
  ): Promise<BrowserPage> {
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    if (!fs.existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}.`);
    const { chromium } = requireThere()('playwright-core') as {
      chromium: { launch(options: object): Promise<Browser> };
    };
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1360, height: 720 });
    await page.addInitScript(initScript);
    await page.route(`${origin}/**`, async (route) => {
      const [contentType, body] = files.get(new URL(route.request().url()).pathname) ?? ['text/plain', ''];
      await route.fulfill({ status: 200, contentType, body });
    });
    return new BrowserPage(browser, page);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** What the browser noted while a script ran in the page. */
  async trace(script: string): Promise<Trace> {
    await this.browser.startTracing(this.page, { categories });
    await this.page.evaluate(script);
    const { traceEvents } = JSON.parse((await this.browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    return new Trace(traceEvents);
  }
}

export class Trace {
  constructor(private readonly events: readonly TraceEvent[]) {}

  /** Milliseconds between each frame on the screen and the one before it, up to `performance.mark(end)`. */
  intervals(end: string): number[] {
    const last = this.mark(end);
    const shown = this.events
      .filter(({ name, ph, ts }) => name === 'AnimationFrame::Presentation' && ph === 'n' && ts <= last)
      .map(({ ts }) => ts / 1000)
      .sort((a, b) => a - b);
    return shown.slice(1).map((at, i) => at - shown[i]!);
  }

  /** Milliseconds from one `performance.mark` until the first frame shown after another. */
  shown(from: string, after: string): number {
    const end = this.mark(after);
    const shown = this.events
      .filter((event) => event.name === 'Display::FrameDisplayed' && event.ts > end)
      .map((event) => event.ts);
    if (shown.length === 0) throw new Error(`No frame was shown after “${after}”.`);
    return (Math.min(...shown) - this.mark(from)) / 1000;
  }

  private mark(name: string): number {
    const event = this.events.find((entry) => entry.name === name);
    if (!event) throw new Error(`The trace has no mark “${name}”.`);
    return event.ts;
  }

  /** Milliseconds of processor time of the page's thread, and of its workers if asked. */
  processor(workers: boolean): number {
    const page = this.events.find((event) => event.name === 'FireAnimationFrame');
    if (!page) throw new Error('The trace has no frame.');
    const counted = new Set(
      this.events
        .filter(({ name, args }) => name === 'thread_name' && args?.name?.startsWith('DedicatedWorker'))
        .filter(({ pid }) => workers && pid === page.pid)
        .map(({ tid }) => tid),
    ).add(page.tid);
    return this.events
      .filter(
        ({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === page.pid && counted.has(tid),
      )
      .reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
  }
}
